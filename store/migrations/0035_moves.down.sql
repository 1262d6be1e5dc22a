DROP TABLE forwards;
ALTER TABLE lanes DROP COLUMN dead;
ALTER TABLE accounts DROP COLUMN followers_version;
DROP TABLE gone_inboxes;
DROP TABLE moves;
