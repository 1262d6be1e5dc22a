-- What a local object was made from, as far as its other columns don't have it.
ALTER TABLE objects ADD COLUMN source TEXT NOT NULL DEFAULT '';     -- the text of a post as typed
ALTER TABLE objects ADD COLUMN to_uris TEXT NOT NULL DEFAULT '';    -- whom it was addressed to
ALTER TABLE objects ADD COLUMN cc_uris TEXT NOT NULL DEFAULT '';
ALTER TABLE objects ADD COLUMN follow_uri TEXT NOT NULL DEFAULT ''; -- the Follow that an Accept or a Reject answers
