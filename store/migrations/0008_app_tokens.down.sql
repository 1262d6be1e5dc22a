DROP INDEX oauth_tokens_app;
