ALTER TABLE accounts DROP COLUMN handle_verified;
ALTER TABLE accounts DROP COLUMN suspended_by_us;
ALTER TABLE accounts DROP COLUMN suspended_by_origin;
