-- What accounts voted for: in the polls of accounts here, everybody's votes; in
-- others', those of the accounts here. The tallies are in objects.poll.
CREATE TABLE poll_votes (
  status_id  BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  choice     BIGINT NOT NULL,                -- the position of the option
  created_at BIGINT NOT NULL,
  PRIMARY KEY (status_id, account_id, choice)
) {CLUSTERED};
CREATE INDEX poll_votes_account ON poll_votes (account_id, status_id);
