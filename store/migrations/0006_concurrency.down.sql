DROP INDEX objects_boost;
