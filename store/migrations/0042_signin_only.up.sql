-- What an account elsewhere wrote is for who is signed in (Misskey).
ALTER TABLE accounts ADD COLUMN signin_only BOOLEAN NOT NULL DEFAULT FALSE;
