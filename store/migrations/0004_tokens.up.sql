-- The browsers and addresses that accounts have signed in from. Strangers'
-- failures to sign in do not shut these out. Hashes only.
CREATE TABLE known_devices (
  account_id BIGINT NOT NULL,
  hash       TEXT NOT NULL,
  seen_at    BIGINT NOT NULL,
  PRIMARY KEY (account_id, hash)
);
