-- What a local object was made from, as far as its other columns don't have it.
ALTER TABLE objects ADD COLUMN source TEXT NOT NULL DEFAULT '';     -- the text of a post as typed
ALTER TABLE objects ADD COLUMN to_uris TEXT NOT NULL DEFAULT '';    -- whom it was addressed to
ALTER TABLE objects ADD COLUMN cc_uris TEXT NOT NULL DEFAULT '';
ALTER TABLE objects ADD COLUMN follow_uri TEXT NOT NULL DEFAULT ''; -- the Follow that an Accept or a Reject answers

-- Of what was written before, only the document has it. One that can't be read
-- leaves its row as it is; a Create or an Update has the addresses of its post.
{SQLITE} UPDATE objects
{SQLITE} SET source = CASE WHEN is_status AND json_type(json, '$.source.content') = 'text' THEN json_extract(json, '$.source.content') ELSE '' END,
{SQLITE}   to_uris = (SELECT CASE COUNT(*) WHEN 0 THEN '' ELSE json_group_array(value) END FROM json_each(objects.json, '$.to') WHERE type = 'text'),
{SQLITE}   cc_uris = (SELECT CASE COUNT(*) WHEN 0 THEN '' ELSE json_group_array(value) END FROM json_each(objects.json, '$.cc') WHERE type = 'text'),
{SQLITE}   follow_uri = CASE WHEN type IN ('Accept', 'Reject') THEN COALESCE(json_extract(json, '$.object.id'), '') ELSE '' END
{SQLITE} WHERE local AND reblog_of_id = 0 AND deleted_at = 0 AND type NOT IN ('Create', 'Update') AND json_valid(json);
{POSTGRES} CREATE FUNCTION pg_temp.document(t TEXT) RETURNS jsonb AS $$ BEGIN RETURN CAST(t AS jsonb); EXCEPTION WHEN others THEN RETURN NULL; END $$ LANGUAGE plpgsql;
{POSTGRES} UPDATE objects
{POSTGRES} SET source = CASE WHEN is_status AND jsonb_typeof(d.doc #> '{source,content}') = 'string' THEN d.doc #>> '{source,content}' ELSE '' END,
{POSTGRES}   to_uris = COALESCE(NULLIF(CAST(jsonb_path_query_array(d.doc, 'lax $.to[*] ? (@.type() == "string")') AS TEXT), '[]'), ''),
{POSTGRES}   cc_uris = COALESCE(NULLIF(CAST(jsonb_path_query_array(d.doc, 'lax $.cc[*] ? (@.type() == "string")') AS TEXT), '[]'), ''),
{POSTGRES}   follow_uri = CASE WHEN type IN ('Accept', 'Reject') THEN COALESCE(d.doc #>> '{object,id}', '') ELSE '' END
{POSTGRES} FROM (
{POSTGRES}   SELECT o.id, pg_temp.document(o.json) AS doc
{POSTGRES}   FROM objects o
{POSTGRES}   WHERE o.local AND o.reblog_of_id = 0 AND o.deleted_at = 0 AND o.type NOT IN ('Create', 'Update')) AS d
{POSTGRES} WHERE objects.id = d.id AND d.doc IS NOT NULL;
{POSTGRES} DROP FUNCTION pg_temp.document(TEXT);
