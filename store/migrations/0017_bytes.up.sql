-- The mentions of a post written here, with which its row says all of its
-- document: none is stored any more. Rows of before keep theirs.
ALTER TABLE objects ADD COLUMN mention_tags TEXT NOT NULL DEFAULT ''; -- [{href, name}]
