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

// endpoints are the GETs that phones, browsers and other servers ask for.
func endpoints(f *Facts, page store.ObjectID) []endpoint {
	document := "application/activity+json"
	return []endpoint{
		{name: "home of 20", path: "/api/v1/timelines/home?limit=20"},
		{name: "home of 40", path: "/api/v1/timelines/home?limit=40"},
		{name: "home, an older page", path: fmt.Sprintf("/api/v1/timelines/home?limit=40&max_id=%d", page)},
		{name: "public", path: "/api/v1/timelines/public?limit=20"},
		{name: "public, of a stranger", path: "/api/v1/timelines/public?limit=20", stranger: true},
		{name: "public local", path: "/api/v1/timelines/public?limit=20&local=true"},
		{name: "public only media", path: "/api/v1/timelines/public?limit=20&only_media=true"},
		{name: "public local only media", path: "/api/v1/timelines/public?limit=20&local=true&only_media=true"},
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
		{name: "unread notifications", path: "/api/v1/notifications/unread_count"},
		{name: "status", path: fmt.Sprintf("/api/v1/statuses/%d", f.Status)},
		{name: "context", path: fmt.Sprintf("/api/v1/statuses/%d/context", f.Status)},
		{name: "account", path: fmt.Sprintf("/api/v1/accounts/%d", f.Author)},
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
		{name: "search hashtags", path: "/api/v2/search?q=tag1&type=hashtags&limit=20"},
		{name: "favourites", path: "/api/v1/favourites?limit=20"},
		{name: "bookmarks", path: "/api/v1/bookmarks?limit=20"},
		{name: "follow requests", path: "/api/v1/follow_requests"},
		{name: "markers", path: "/api/v1/markers?timeline[]=home"},
		{name: "instance v1", path: "/api/v1/instance", stranger: true},
		{name: "instance v2", path: "/api/v2/instance", stranger: true},
		{name: "peers", path: "/api/v1/instance/peers", stranger: true},
		{name: "nodeinfo", path: "/nodeinfo/2.1", stranger: true},
		{name: "webfinger", path: "/.well-known/webfinger?resource=acct:person0@" + domain, stranger: true},
		{name: "actor", path: "/users/person0", stranger: true, accept: document},
		{name: "outbox", path: "/users/person0/outbox?page=true", stranger: true, accept: document},
		{name: "followers collection", path: "/users/person0/followers?page=true", stranger: true, accept: document},
		{name: "profile page", path: "/@person0", stranger: true, accept: "text/html"},
		{name: "status page", path: fmt.Sprintf("/@person0/%d", f.Own), stranger: true, accept: "text/html"},
	}
}
