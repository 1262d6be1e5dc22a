-- Of what was written before there were drafts, only the document has them. One
-- that can't be read leaves its row as it is; a Create or an Update has the
-- addresses of its post. A thousand rows at a time: the setting has the last.
INSERT INTO settings (key, value) VALUES ('drafts_filled', '0') ON CONFLICT (key) DO NOTHING;
{SQLITE} UPDATE objects
{SQLITE} SET source = CASE WHEN is_status AND json_type(json, '$.source.content') = 'text' THEN json_extract(json, '$.source.content') ELSE '' END,
{SQLITE}   to_uris = (SELECT CASE COUNT(*) WHEN 0 THEN '' ELSE json_group_array(value) END FROM json_each(objects.json, '$.to') WHERE type = 'text'),
{SQLITE}   cc_uris = (SELECT CASE COUNT(*) WHEN 0 THEN '' ELSE json_group_array(value) END FROM json_each(objects.json, '$.cc') WHERE type = 'text'),
{SQLITE}   follow_uri = CASE WHEN type IN ('Accept', 'Reject') THEN COALESCE(json_extract(json, '$.object.id'), '') ELSE '' END
{SQLITE} WHERE id IN (SELECT id FROM objects WHERE id > (SELECT CAST(value AS BIGINT) FROM settings WHERE key = 'drafts_filled') ORDER BY id LIMIT 1000)
{SQLITE}   AND local AND reblog_of_id = 0 AND deleted_at = 0 AND type NOT IN ('Create', 'Update') AND json_valid(json);
{POSTGRES} CREATE FUNCTION pg_temp.document(t TEXT) RETURNS jsonb AS $$ BEGIN RETURN CAST(t AS jsonb); EXCEPTION WHEN others THEN RETURN NULL; END $$ LANGUAGE plpgsql;
{POSTGRES} UPDATE objects
{POSTGRES} SET (source, to_uris, cc_uris, follow_uri) = (
{POSTGRES}   SELECT CASE WHEN objects.is_status AND jsonb_typeof(d.doc #> '{source,content}') = 'string' THEN d.doc #>> '{source,content}' ELSE '' END,
{POSTGRES}     COALESCE(NULLIF(CAST(jsonb_path_query_array(d.doc, 'lax $.to[*] ? (@.type() == "string")') AS TEXT), '[]'), ''),
{POSTGRES}     COALESCE(NULLIF(CAST(jsonb_path_query_array(d.doc, 'lax $.cc[*] ? (@.type() == "string")') AS TEXT), '[]'), ''),
{POSTGRES}     CASE WHEN objects.type IN ('Accept', 'Reject') THEN COALESCE(d.doc #>> '{object,id}', '') ELSE '' END
{POSTGRES}   FROM (SELECT pg_temp.document(objects.json) AS doc) AS d)
{POSTGRES} WHERE id = ANY (ARRAY(SELECT id FROM objects WHERE id > (SELECT CAST(value AS BIGINT) FROM settings WHERE key = 'drafts_filled') ORDER BY id LIMIT 1000)) -- no join, which old statistics would make a slow one
{POSTGRES}   AND local AND reblog_of_id = 0 AND deleted_at = 0 AND type NOT IN ('Create', 'Update');
{POSTGRES} DROP FUNCTION pg_temp.document(TEXT);
{REPEAT} UPDATE settings
SET value = CAST(batch.last AS TEXT)
FROM (SELECT MAX(b.id) AS last FROM (SELECT id FROM objects WHERE id > (SELECT CAST(value AS BIGINT) FROM settings WHERE key = 'drafts_filled') ORDER BY id LIMIT 1000) AS b) AS batch
WHERE key = 'drafts_filled' AND batch.last IS NOT NULL;
DELETE FROM settings WHERE key = 'drafts_filled';
