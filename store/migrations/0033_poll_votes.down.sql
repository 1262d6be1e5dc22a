-- An older binary knows nothing of these.
DELETE FROM objects WHERE type IN ('Vote', 'Reaction') AND local AND NOT is_status;
DELETE FROM jobs WHERE kind IN ('poll_tallies', 'poll_end', 'poll_ask');
DELETE FROM job_queues WHERE kind IN ('poll_tallies', 'poll_end', 'poll_ask');
DROP TABLE poll_votes;
