-- The stamp is the Accept itself: its author's software writes no authorization.
ALTER TABLE interactions ADD COLUMN by_accept BOOLEAN NOT NULL DEFAULT FALSE;

-- Only the author of the status has got it: the others get it once it is accepted.
ALTER TABLE interactions ADD COLUMN held BOOLEAN NOT NULL DEFAULT FALSE;
