package mastodon

// Unimplemented lists what Mastodon has and Kinglet does not implement yet:
// each answers 501, so that a client can distinguish it from a status or an
// account that does not exist. A path listed here is never taken for the {id}
// of another route. docs/API.md is generated from this list, and the tests
// compare it with every operation of Mastodon's schema.
var Unimplemented = []struct{ Method, Path string }{
	{"POST", "/api/v1/media"}, {"POST", "/api/v2/media"},
	{"GET", "/api/v1/media/{id}"}, {"PUT", "/api/v1/media/{id}"}, {"DELETE", "/api/v1/media/{id}"},
	{"GET", "/api/v1/scheduled_statuses/{id}"}, {"PUT", "/api/v1/scheduled_statuses/{id}"}, {"DELETE", "/api/v1/scheduled_statuses/{id}"},

	{"GET", "/api/v1/statuses/{id}/history"}, {"POST", "/api/v1/statuses/{id}/translate"},
	{"POST", "/api/v1/statuses/{id}/mute"}, {"POST", "/api/v1/statuses/{id}/unmute"},
	{"PUT", "/api/v1/statuses/{id}/interaction_policy"},

	{"POST", "/api/v1/accounts"}, {"GET", "/api/v1/profile"}, {"PATCH", "/api/v1/profile"},
	{"POST", "/api/v1/accounts/{id}/note"}, {"GET", "/api/v1/accounts/{id}/identity_proofs"},
	{"POST", "/api/v1/accounts/{id}/pin"}, {"POST", "/api/v1/accounts/{id}/unpin"},
	{"POST", "/api/v1/accounts/{id}/endorse"}, {"POST", "/api/v1/accounts/{id}/unendorse"}, {"GET", "/api/v1/accounts/{id}/endorsements"},
	{"POST", "/api/v1/featured_tags"}, {"GET", "/api/v1/featured_tags/suggestions"}, {"DELETE", "/api/v1/featured_tags/{id}"},
	{"DELETE", "/api/v1/suggestions/{id}"}, {"GET", "/api/v1/directory"},
	{"POST", "/api/v1/domain_blocks"}, {"DELETE", "/api/v1/domain_blocks"},
	{"POST", "/api/v1/tags/{tag}/follow"}, {"POST", "/api/v1/tags/{tag}/unfollow"},
	{"POST", "/api/v1/tags/{tag}/feature"}, {"POST", "/api/v1/tags/{tag}/unfeature"},

	{"GET", "/api/v1/timelines/direct"}, {"GET", "/api/v1/timelines/link"}, {"GET", "/api/v1/timelines/list/{id}"},
	{"DELETE", "/api/v1/conversations/{id}"}, {"POST", "/api/v1/conversations/{id}/read"}, {"POST", "/api/v1/conversations/{id}/unread"},
	{"POST", "/api/v1/lists"}, {"GET", "/api/v1/lists/{id}"}, {"PUT", "/api/v1/lists/{id}"}, {"DELETE", "/api/v1/lists/{id}"},
	{"GET", "/api/v1/lists/{id}/accounts"}, {"POST", "/api/v1/lists/{id}/accounts"}, {"DELETE", "/api/v1/lists/{id}/accounts"},
	{"POST", "/api/v1/collections"}, {"GET", "/api/v1/collections/{id}"}, {"PATCH", "/api/v1/collections/{id}"}, {"DELETE", "/api/v1/collections/{id}"},
	{"POST", "/api/v1/collections/{id}/items"}, {"DELETE", "/api/v1/collections/{id}/items/{item_id}"}, {"POST", "/api/v1/collections/{id}/items/{item_id}/revoke"},
	{"GET", "/api/v1/accounts/{id}/collections"}, {"GET", "/api/v1/accounts/{id}/in_collections"},

	{"POST", "/api/v1/filters"}, {"GET", "/api/v1/filters/{id}"}, {"PUT", "/api/v1/filters/{id}"}, {"DELETE", "/api/v1/filters/{id}"},
	{"POST", "/api/v2/filters"}, {"GET", "/api/v2/filters/{id}"}, {"PUT", "/api/v2/filters/{id}"}, {"DELETE", "/api/v2/filters/{id}"},
	{"GET", "/api/v2/filters/{id}/keywords"}, {"POST", "/api/v2/filters/{id}/keywords"},
	{"GET", "/api/v2/filters/{id}/statuses"}, {"POST", "/api/v2/filters/{id}/statuses"},
	{"GET", "/api/v2/filters/keywords/{id}"}, {"PUT", "/api/v2/filters/keywords/{id}"}, {"DELETE", "/api/v2/filters/keywords/{id}"},
	{"GET", "/api/v2/filters/statuses/{id}"}, {"DELETE", "/api/v2/filters/statuses/{id}"},

	{"GET", "/api/v1/notifications/requests"}, {"GET", "/api/v1/notifications/requests/merged"},
	{"POST", "/api/v1/notifications/requests/accept"}, {"POST", "/api/v1/notifications/requests/dismiss"},
	{"GET", "/api/v1/notifications/requests/{id}"},
	{"POST", "/api/v1/notifications/requests/{id}/accept"}, {"POST", "/api/v1/notifications/requests/{id}/dismiss"},
	{"GET", "/api/v2/notifications"}, {"GET", "/api/v2/notifications/unread_count"},
	{"GET", "/api/v2/notifications/policy"}, {"PATCH", "/api/v2/notifications/policy"},
	{"GET", "/api/v2/notifications/{group_key}"}, {"GET", "/api/v2/notifications/{group_key}/accounts"}, {"POST", "/api/v2/notifications/{group_key}/dismiss"},
	{"POST", "/api/v1/push/subscription"}, {"PUT", "/api/v1/push/subscription"}, {"DELETE", "/api/v1/push/subscription"},
	{"GET", "/api/v1/streaming"}, {"GET", "/api/v1/streaming/*"},

	{"POST", "/api/v1/announcements/{id}/dismiss"},
	{"PUT", "/api/v1/announcements/{id}/reactions/{name}"}, {"DELETE", "/api/v1/announcements/{id}/reactions/{name}"},
	{"GET", "/api/v1/instance/activity"}, {"GET", "/api/v1/instance/domain_blocks"}, {"GET", "/api/v1/instance/languages"},
	{"GET", "/api/v1/instance/privacy_policy"}, {"GET", "/api/v1/instance/translation_languages"},
	{"GET", "/api/v1/instance/terms_of_service"}, {"GET", "/api/v1/instance/terms_of_service/{date}"},
	{"GET", "/api/v1/peers/search"}, {"GET", "/api/oembed"},
	{"POST", "/api/v1/emails/confirmations"}, {"GET", "/api/v1/emails/check_confirmation"},
	{"GET", "/api/v1/annual_reports"}, {"GET", "/api/v1/annual_reports/{year}"}, {"GET", "/api/v1/annual_reports/{year}/state"},
	{"POST", "/api/v1/annual_reports/{year}/generate"}, {"POST", "/api/v1/annual_reports/{year}/read"},

	{"GET", "/api/v1/admin/*"}, {"POST", "/api/v1/admin/*"}, {"PUT", "/api/v1/admin/*"}, {"PATCH", "/api/v1/admin/*"}, {"DELETE", "/api/v1/admin/*"},
	{"GET", "/api/v2/admin/*"}, {"POST", "/api/v2/admin/*"},
}
