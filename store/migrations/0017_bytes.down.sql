-- An older Kinglet serves only what is stored: the documents are written again,
-- of the same terms, though not byte for byte.
{SQLITE} UPDATE objects
{SQLITE} SET json = json_patch('{}', json_object(
{SQLITE}   'attachment', json('[]'), 'attributedTo', (SELECT a.uri FROM accounts a WHERE a.id = objects.account_id),
{SQLITE}   'cc', json(CASE cc_uris WHEN '' THEN '[]' ELSE cc_uris END), 'content', content,
{SQLITE}   'contentMap', CASE language WHEN '' THEN NULL ELSE json_object(language, content) END,
{SQLITE}   'context', NULLIF(context, ''), 'conversation', NULLIF(context, ''), 'id', uri, 'inReplyTo', NULLIF(in_reply_to_uri, ''),
{SQLITE}   'published', strftime('%Y-%m-%dT%H:%M:%fZ', published_at / 1000.0, 'unixepoch'),
{SQLITE}   'sensitive', json(CASE WHEN sensitive THEN 'true' ELSE 'false' END),
{SQLITE}   'source', CASE source WHEN '' THEN NULL ELSE json_object('content', source, 'mediaType', 'text/plain') END,
{SQLITE}   'summary', NULLIF(replace(replace(replace(spoiler_text, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), ''),
{SQLITE}   'tag', json((SELECT json_group_array(json(t.tag)) FROM (
{SQLITE}     SELECT json_object('type', 'Mention', 'href', json_extract(m.value, '$.href'), 'name', json_extract(m.value, '$.name')) AS tag
{SQLITE}     FROM json_each(CASE objects.mention_tags WHEN '' THEN '[]' ELSE objects.mention_tags END) m
{SQLITE}     UNION ALL
{SQLITE}     SELECT json_object('type', 'Hashtag', 'href', substr(objects.uri, 1, instr(objects.uri, '/objects/')) || 'tags/' || lower(h.value), 'name', '#' || h.value)
{SQLITE}     FROM json_each(CASE objects.tags WHEN '' THEN '[]' ELSE objects.tags END) h) t)),
{SQLITE}   'to', json(CASE to_uris WHEN '' THEN '[]' ELSE to_uris END), 'type', type,
{SQLITE}   'updated', CASE edited_at WHEN 0 THEN NULL ELSE strftime('%Y-%m-%dT%H:%M:%fZ', edited_at / 1000.0, 'unixepoch') END,
{SQLITE}   'url', url))
{SQLITE} WHERE local AND is_status AND reblog_of_id = 0 AND deleted_at = 0 AND json = '' AND type = 'Note';
{SQLITE} UPDATE objects
{SQLITE} SET json = json_patch('{}', json_object(
{SQLITE}   '@context', json('["https://www.w3.org/ns/activitystreams","https://w3id.org/security/v1",{"sensitive":"as:sensitive","Hashtag":"as:Hashtag","ostatus":"http://ostatus.org#","conversation":"ostatus:conversation"}]'),
{SQLITE}   'actor', (SELECT a.uri FROM accounts a WHERE a.id = objects.account_id),
{SQLITE}   'cc', json(NULLIF(CASE WHEN type IN ('Create', 'Update') THEN (SELECT o.cc_uris FROM objects o WHERE o.uri = objects.object_uri) ELSE cc_uris END, '')),
{SQLITE}   'id', uri, 'object', object_uri, 'published', strftime('%Y-%m-%dT%H:%M:%fZ', published_at / 1000.0, 'unixepoch'),
{SQLITE}   'to', json(NULLIF(CASE WHEN type IN ('Create', 'Update') THEN (SELECT o.to_uris FROM objects o WHERE o.uri = objects.object_uri) ELSE to_uris END, '')),
{SQLITE}   'type', type))
{SQLITE} WHERE local AND (NOT is_status OR reblog_of_id <> 0) AND deleted_at = 0 AND json = '';
{POSTGRES} UPDATE objects
{POSTGRES} SET json = CAST(json_strip_nulls(json_build_object(
{POSTGRES}   'attachment', CAST('[]' AS json), 'attributedTo', (SELECT a.uri FROM accounts a WHERE a.id = objects.account_id),
{POSTGRES}   'cc', CAST(CASE cc_uris WHEN '' THEN '[]' ELSE cc_uris END AS json), 'content', content,
{POSTGRES}   'contentMap', CASE language WHEN '' THEN NULL ELSE json_build_object(language, content) END,
{POSTGRES}   'context', NULLIF(context, ''), 'conversation', NULLIF(context, ''), 'id', uri, 'inReplyTo', NULLIF(in_reply_to_uri, ''),
{POSTGRES}   'published', to_char(to_timestamp(published_at / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'sensitive', sensitive,
{POSTGRES}   'source', CASE source WHEN '' THEN NULL ELSE json_build_object('content', source, 'mediaType', 'text/plain') END,
{POSTGRES}   'summary', NULLIF(replace(replace(replace(spoiler_text, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), ''),
{POSTGRES}   'tag', (SELECT COALESCE(json_agg(t.tag), '[]') FROM (
{POSTGRES}     SELECT json_build_object('type', 'Mention', 'href', m.value ->> 'href', 'name', m.value ->> 'name') AS tag
{POSTGRES}     FROM json_array_elements(CAST(CASE objects.mention_tags WHEN '' THEN '[]' ELSE objects.mention_tags END AS json)) AS m
{POSTGRES}     UNION ALL
{POSTGRES}     SELECT json_build_object('type', 'Hashtag', 'href', split_part(objects.uri, '/objects/', 1) || '/tags/' || lower(h.value), 'name', '#' || h.value)
{POSTGRES}     FROM json_array_elements_text(CAST(CASE objects.tags WHEN '' THEN '[]' ELSE objects.tags END AS json)) AS h) t),
{POSTGRES}   'to', CAST(CASE to_uris WHEN '' THEN '[]' ELSE to_uris END AS json), 'type', type,
{POSTGRES}   'updated', CASE edited_at WHEN 0 THEN NULL ELSE to_char(to_timestamp(edited_at / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') END,
{POSTGRES}   'url', url)) AS TEXT)
{POSTGRES} WHERE local AND is_status AND reblog_of_id = 0 AND deleted_at = 0 AND json = '' AND type = 'Note';
{POSTGRES} UPDATE objects
{POSTGRES} SET json = CAST(json_strip_nulls(json_build_object(
{POSTGRES}   '@context', CAST('["https://www.w3.org/ns/activitystreams","https://w3id.org/security/v1",{"sensitive":"as:sensitive","Hashtag":"as:Hashtag","ostatus":"http://ostatus.org#","conversation":"ostatus:conversation"}]' AS json),
{POSTGRES}   'actor', (SELECT a.uri FROM accounts a WHERE a.id = objects.account_id),
{POSTGRES}   'cc', CAST(NULLIF(CASE WHEN type IN ('Create', 'Update') THEN (SELECT o.cc_uris FROM objects o WHERE o.uri = objects.object_uri) ELSE cc_uris END, '') AS json),
{POSTGRES}   'id', uri, 'object', object_uri, 'published', to_char(to_timestamp(published_at / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
{POSTGRES}   'to', CAST(NULLIF(CASE WHEN type IN ('Create', 'Update') THEN (SELECT o.to_uris FROM objects o WHERE o.uri = objects.object_uri) ELSE to_uris END, '') AS json),
{POSTGRES}   'type', type)) AS TEXT)
{POSTGRES} WHERE local AND (NOT is_status OR reblog_of_id <> 0) AND deleted_at = 0 AND json = '';
ALTER TABLE objects DROP COLUMN mention_tags;
