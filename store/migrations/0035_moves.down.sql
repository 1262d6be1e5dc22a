-- An older binary knows nothing of these.
DELETE FROM jobs WHERE kind IN ('deliver', 'fan_out') AND args LIKE '%"forward":%';
DELETE FROM jobs WHERE kind IN ('move', 'probe', 'gone_inbox', 'check_actor', 'followers');
DELETE FROM job_queues WHERE kind IN ('move', 'probe', 'gone_inbox', 'check_actor', 'followers');
DROP TABLE forwards;
ALTER TABLE lanes DROP COLUMN dead;
ALTER TABLE accounts DROP COLUMN followers_version;
DROP TABLE gone_inboxes;
DROP TABLE moves;
