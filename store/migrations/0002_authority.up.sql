-- Who suspended an account: its own server, which may take it back, or we. suspended_at
-- is set while either did. Until now only its server could.
ALTER TABLE accounts ADD COLUMN suspended_by_origin BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE accounts ADD COLUMN suspended_by_us BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE accounts SET suspended_by_origin = TRUE WHERE suspended_at = 1000;
UPDATE accounts SET suspended_by_us = TRUE WHERE suspended_at > 1000;

-- WebFinger of the handle's domain led to the account when it was last asked.
ALTER TABLE accounts ADD COLUMN handle_verified BOOLEAN NOT NULL DEFAULT FALSE;
