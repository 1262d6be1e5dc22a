DROP TABLE domains;
CREATE TABLE status_tags_old (
  name      TEXT {BINARY} NOT NULL,          -- folded: see FoldTag
  status_id BIGINT NOT NULL,
  PRIMARY KEY (name, status_id)
) {CLUSTERED};
INSERT INTO status_tags_old (name, status_id) SELECT name, status_id FROM status_tags;
DROP TABLE status_tags;
ALTER TABLE status_tags_old RENAME TO status_tags;
CREATE INDEX status_tags_status ON status_tags (status_id);
DROP INDEX objects_ended;
DROP INDEX notifications_type;
DROP INDEX attachments_account;
