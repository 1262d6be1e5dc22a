-- What a status quotes, and whether it may be shown in it; and what of an
-- encrypted message only clients can read.
ALTER TABLE objects ADD COLUMN quote_uri TEXT NOT NULL DEFAULT '';
ALTER TABLE objects ADD COLUMN quote_id BIGINT NOT NULL DEFAULT 0;                  -- 0 while it is not known here
ALTER TABLE objects ADD COLUMN quote_state TEXT NOT NULL DEFAULT '';                -- accepted, deleted; '' for not decided
ALTER TABLE objects ADD COLUMN quote_stamp TEXT NOT NULL DEFAULT '';                -- URI of the quoted author's consent (FEP-044f)
ALTER TABLE objects ADD COLUMN quotes_need_stamp BOOLEAN NOT NULL DEFAULT FALSE;    -- whether quotes of this status need one
ALTER TABLE objects ADD COLUMN encrypted TEXT NOT NULL DEFAULT '';
CREATE INDEX objects_quotes ON objects (quote_uri) WHERE quote_uri <> '';
