-- Further keys of other servers' accounts: those of accounts.key_id's document
-- that are not in accounts.key_id (FEP-521a), and the ids by which requests name
-- them.
CREATE TABLE account_keys (
  account_id BIGINT NOT NULL,
  key_id     TEXT NOT NULL,
  public_key TEXT NOT NULL,                  -- PEM
  assertion  BOOLEAN NOT NULL,               -- it may prove documents (FEP-8b32)
  PRIMARY KEY (account_id, key_id)
) {CLUSTERED};
CREATE INDEX account_keys_key ON account_keys (key_id);
-- Our own accounts' second key, an Ed25519 one: PEM, PKCS #8; '' before the first
-- start of a version that has them, and after deletion.
ALTER TABLE users ADD COLUMN ed25519_key TEXT NOT NULL DEFAULT '';
-- Which hosts take signatures of RFC 9421 with Ed25519 keys, and which refused
-- them, until when we believe it.
CREATE TABLE signature_hosts (
  host    TEXT NOT NULL PRIMARY KEY,
  message BOOLEAN NOT NULL,                  -- they take them
  told    BOOLEAN NOT NULL,                  -- an answer of theirs said so, and not only a document
  until   BIGINT NOT NULL
);
CREATE INDEX signature_hosts_until ON signature_hosts (until, host);
