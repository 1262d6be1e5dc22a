DELETE FROM jobs WHERE kind = 'forwarded';
DELETE FROM job_queues WHERE kind = 'forwarded';
ALTER TABLE signature_hosts RENAME TO new_signature_hosts;
DROP INDEX signature_hosts_until;
CREATE TABLE signature_hosts (
  host    TEXT NOT NULL PRIMARY KEY,
  message BOOLEAN NOT NULL,                  -- they take them
  told    BOOLEAN NOT NULL,                  -- an answer of theirs said so, and not only a document
  until   BIGINT NOT NULL
);
CREATE INDEX signature_hosts_until ON signature_hosts (until, host);
INSERT INTO signature_hosts (host, message, told, until)
SELECT host, message, told, until FROM new_signature_hosts WHERE posts;
DROP TABLE new_signature_hosts;
DROP TABLE nodeinfos;
