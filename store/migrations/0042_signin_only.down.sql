ALTER TABLE accounts DROP COLUMN signin_only;
