-- An older binary knows nothing of these.
DELETE FROM notifications WHERE type = 'admin.report';
DELETE FROM jobs WHERE kind IN ('report');
DELETE FROM job_queues WHERE kind IN ('report');
DROP TABLE reports;
DROP TABLE communities;
DROP TABLE retracted;
