-- Clients that nobody uses are found by their tokens.
CREATE INDEX oauth_tokens_app ON oauth_tokens (app_id);
