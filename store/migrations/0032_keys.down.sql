DROP TABLE signature_hosts;
ALTER TABLE users DROP COLUMN ed25519_key;
DROP TABLE account_keys;
