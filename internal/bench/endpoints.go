package main

import (
	"fmt"

	"kinglet/store"
)

// endpoint is a GET that is measured.
type endpoint struct {
	name, path string
	stranger   bool   // without a token
	accept     string // other than JSON
}

// endpoints are the GETs that phones, browsers and other servers ask for: each
// route that looks at the database, with the parameters that change how.
// older is the id that older pages begin with.
func endpoints(f *Facts, older store.ObjectID) []endpoint {
	const document, page = "application/activity+json", "text/html"
	return []endpoint{
		{name: "home of 20", path: "/api/v1/timelines/home?limit=20"},
		{name: "home of 40", path: "/api/v1/timelines/home?limit=40"},
		{name: "home, an older page", path: fmt.Sprintf("/api/v1/timelines/home?limit=40&max_id=%d", older)},
		{name: "public", path: "/api/v1/timelines/public?limit=20"},
		{name: "public, of a stranger", path: "/api/v1/timelines/public?limit=20", stranger: true},
		{name: "public local", path: "/api/v1/timelines/public?limit=20&local=true"},
		{name: "public only media", path: "/api/v1/timelines/public?limit=20&only_media=true"},
		{name: "public local only media", path: "/api/v1/timelines/public?limit=20&local=true&only_media=true"},
		{name: "public, an older page", path: fmt.Sprintf("/api/v1/timelines/public?limit=20&max_id=%d", older)},
		{name: "public remote", path: "/api/v1/timelines/public?limit=20&remote=true"},
		{name: "tag", path: "/api/v1/timelines/tag/tag0?limit=20"},
		{name: "tag, rare", path: "/api/v1/timelines/tag/" + f.Rare + "?limit=20"},
		{name: "tag only media", path: "/api/v1/timelines/tag/tag0?limit=20&only_media=true"},
		{name: "tag local", path: "/api/v1/timelines/tag/tag0?limit=20&local=true"},
		{name: "tag, of two", path: "/api/v1/timelines/tag/tag0?limit=20&any[]=tag1"},
		{name: "tag without another", path: "/api/v1/timelines/tag/tag0?limit=20&none[]=tag1"},
		{name: "notifications", path: "/api/v1/notifications?limit=40"},
		{name: "notifications of mentions", path: "/api/v1/notifications?limit=40&types[]=mention"},
		{name: "notifications of a rare type", path: "/api/v1/notifications?limit=40&types[]=update"},
		{name: "notifications of a type that is not there", path: "/api/v1/notifications?limit=40&types[]=poll"},
		{name: "notifications without mentions", path: "/api/v1/notifications?limit=40&exclude_types[]=mention"},
		{name: "notification", path: fmt.Sprintf("/api/v1/notifications/%d", f.Note)},
		{name: "unread notifications", path: "/api/v1/notifications/unread_count"},
		{name: "status", path: fmt.Sprintf("/api/v1/statuses/%d", f.Status)},
		{name: "statuses by their ids", path: fmt.Sprintf("/api/v1/statuses?id[]=%d&id[]=%d", f.Status, f.Own)},
		{name: "source", path: fmt.Sprintf("/api/v1/statuses/%d/source", f.Own)},
		{name: "favourited by", path: fmt.Sprintf("/api/v1/statuses/%d/favourited_by", f.Popular)},
		{name: "boosted by", path: fmt.Sprintf("/api/v1/statuses/%d/reblogged_by", f.Popular)},
		{name: "reactions", path: fmt.Sprintf("/api/v1/pleroma/statuses/%d/reactions", f.Popular)},
		{name: "reactions of one emoji", path: fmt.Sprintf("/api/v1/pleroma/statuses/%d/reactions/👍", f.Popular)},
		{name: "context", path: fmt.Sprintf("/api/v1/statuses/%d/context", f.Status)},
		{name: "account", path: fmt.Sprintf("/api/v1/accounts/%d", f.Author)},
		{name: "accounts by their ids", path: fmt.Sprintf("/api/v1/accounts?id[]=%d&id[]=%d", f.Author, f.OwnerID)},
		{name: "account by its name", path: "/api/v1/accounts/lookup?acct=person0"},
		{name: "familiar followers", path: fmt.Sprintf("/api/v1/accounts/familiar_followers?id[]=%d", f.Author)},
		{name: "account statuses, of a stranger", path: fmt.Sprintf("/api/v1/accounts/%d/statuses?limit=20", f.Author), stranger: true},
		{name: "account statuses, an older page", path: fmt.Sprintf("/api/v1/accounts/%d/statuses?limit=20&max_id=%d", f.Author, older)},
		{name: "account statuses", path: fmt.Sprintf("/api/v1/accounts/%d/statuses?limit=20", f.Author)},
		{name: "account only media", path: fmt.Sprintf("/api/v1/accounts/%d/statuses?limit=20&only_media=true", f.Author)},
		{name: "account without replies", path: fmt.Sprintf("/api/v1/accounts/%d/statuses?limit=20&exclude_replies=true", f.Author)},
		{name: "account without boosts", path: fmt.Sprintf("/api/v1/accounts/%d/statuses?limit=20&exclude_reblogs=true", f.Author)},
		{name: "account tagged", path: fmt.Sprintf("/api/v1/accounts/%d/statuses?limit=20&tagged=tag0", f.Author)},
		{name: "account tagged, rare", path: fmt.Sprintf("/api/v1/accounts/%d/statuses?limit=20&tagged=%s", f.Author, f.Rare)},
		{name: "account pinned", path: fmt.Sprintf("/api/v1/accounts/%d/statuses?pinned=true", f.Author)},
		{name: "own statuses", path: fmt.Sprintf("/api/v1/accounts/%d/statuses?limit=20", f.OwnerID)},
		{name: "followers", path: fmt.Sprintf("/api/v1/accounts/%d/followers?limit=40", f.OwnerID)},
		{name: "following", path: fmt.Sprintf("/api/v1/accounts/%d/following?limit=40", f.OwnerID)},
		{name: "relationships", path: fmt.Sprintf("/api/v1/accounts/relationships?id[]=%d", f.Author)},
		{name: "verify credentials", path: "/api/v1/accounts/verify_credentials"},
		{name: "search accounts", path: "/api/v2/search?q=u12&type=accounts&limit=20"},
		{name: "search accounts by a letter", path: "/api/v2/search?q=u&type=accounts&limit=20"},
		{name: "search accounts to mention", path: "/api/v1/accounts/search?q=u12&limit=20"},
		{name: "search everything", path: "/api/v2/search?q=tag1&limit=20"},
		{name: "tag itself", path: "/api/v1/tags/tag0"},
		{name: "search hashtags", path: "/api/v2/search?q=tag1&type=hashtags&limit=20"},
		{name: "favourites", path: "/api/v1/favourites?limit=20"},
		{name: "bookmarks", path: "/api/v1/bookmarks?limit=20"},
		{name: "follow requests", path: "/api/v1/follow_requests"},
		{name: "blocks", path: "/api/v1/blocks"},
		{name: "mutes", path: "/api/v1/mutes"},
		{name: "preferences", path: "/api/v1/preferences"},
		{name: "lists, which are empty", path: "/api/v1/lists"},
		{name: "app", path: "/api/v1/apps/verify_credentials"},
		{name: "user info", path: "/oauth/userinfo"},
		{name: "markers", path: "/api/v1/markers?timeline[]=home"},
		{name: "instance v1", path: "/api/v1/instance", stranger: true},
		{name: "instance v2", path: "/api/v2/instance", stranger: true},
		{name: "extended description", path: "/api/v1/instance/extended_description", stranger: true},
		{name: "health", path: "/health", stranger: true},
		{name: "peers", path: "/api/v1/instance/peers", stranger: true},
		{name: "nodeinfo", path: "/nodeinfo/2.1", stranger: true},
		{name: "nodeinfo links", path: "/.well-known/nodeinfo", stranger: true},
		{name: "host meta", path: "/.well-known/host-meta", stranger: true},
		{name: "host meta, as JSON", path: "/.well-known/host-meta.json", stranger: true},
		{name: "authorization server", path: "/.well-known/oauth-authorization-server", stranger: true},
		{name: "webfinger", path: "/.well-known/webfinger?resource=acct:person0@" + domain, stranger: true},
		{name: "actor", path: "/users/person0", stranger: true, accept: document},
		{name: "outbox", path: "/users/person0/outbox?page=true", stranger: true, accept: document},
		{name: "object", path: f.Object, stranger: true, accept: document},
		{name: "activity", path: f.Create, stranger: true, accept: document},
		{name: "thread of a context", path: f.Context, stranger: true, accept: document},
		{name: "object by its page", path: fmt.Sprintf("/@person0/%d", f.Own), stranger: true, accept: document},
		{name: "actor by its page", path: "/@person0", stranger: true, accept: document},
		{name: "instance actor", path: "/actor", stranger: true, accept: document},
		{name: "instance outbox", path: "/actor/outbox", stranger: true, accept: document},
		{name: "outbox, how many", path: "/users/person0/outbox", stranger: true, accept: document},
		{name: "following collection", path: "/users/person0/following?page=true", stranger: true, accept: document},
		{name: "featured collection", path: "/users/person0/collections/featured", stranger: true, accept: document},
		{name: "followers collection", path: "/users/person0/followers?page=true", stranger: true, accept: document},
		{name: "front page", path: "/", stranger: true, accept: page},
		{name: "tag page", path: "/tags/tag0", stranger: true, accept: page},
		{name: "sign-in page", path: "/auth/sign_in", stranger: true, accept: page},
		{name: "profile page, an older one", path: fmt.Sprintf("/@person0?max_id=%d", older), stranger: true, accept: page},
		{name: "profile page", path: "/@person0", stranger: true, accept: page},
		{name: "status page", path: fmt.Sprintf("/@person0/%d", f.Own), stranger: true, accept: page},
	}
}
