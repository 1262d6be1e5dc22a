ALTER TABLE objects DROP COLUMN reactions;
DROP TABLE reactions;
