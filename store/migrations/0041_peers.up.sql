-- What is known of a host's software by its NodeInfo, until when it is believed.
CREATE TABLE nodeinfos (
  host   TEXT NOT NULL PRIMARY KEY,
  reacts BOOLEAN NOT NULL,                   -- it understands EmojiReact
  until  BIGINT NOT NULL
) {CLUSTERED};
CREATE INDEX nodeinfos_until ON nodeinfos (until, host);

-- A host may take other signatures on what is posted to it than on what is asked
-- of it.
ALTER TABLE signature_hosts RENAME TO old_signature_hosts;
DROP INDEX signature_hosts_until;
CREATE TABLE signature_hosts (
  host    TEXT NOT NULL,
  posts   BOOLEAN NOT NULL,                  -- of POSTs; otherwise of GETs
  message BOOLEAN NOT NULL,                  -- it takes RFC 9421 with Ed25519 keys
  told    BOOLEAN NOT NULL,                  -- an answer of the host said so, and not only a document
  until   BIGINT NOT NULL,
  PRIMARY KEY (host, posts)
);
CREATE INDEX signature_hosts_until ON signature_hosts (until, host);
INSERT INTO signature_hosts (host, posts, message, told, until)
SELECT host, TRUE, message, told, until FROM old_signature_hosts;
INSERT INTO signature_hosts (host, posts, message, told, until)
SELECT host, FALSE, message, told, until FROM old_signature_hosts;
DROP TABLE old_signature_hosts;
