DELETE FROM jobs WHERE kind IN ('relay', 'relayed');
DELETE FROM job_queues WHERE kind IN ('relay', 'relayed');
DROP TABLE relayed;
DROP TABLE relays;
