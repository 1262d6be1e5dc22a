package config

import "time"

// Federation limits what other servers, real or pretended, can make this server
// do. The defaults are generous: a server of a few people, with a relay or two,
// stays far below them.
type Federation struct {
	InboxPerAddress     RateLimit `toml:"inbox_per_address" default:"6000/5m" doc:"Posts to inboxes that an address may make, whoever signs them."`
	InboxStrangers      int       `toml:"inbox_strangers" default:"128" doc:"How many inbox posts may be looked at at once whose key is not known here; one address or one host may have a quarter of them. Known servers have room of their own."`
	InboxMemory         int64     `toml:"inbox_memory" default:"8388608" doc:"How many bytes of inbox posts may be in memory at once, and as many again of accounts that somebody here follows. What exceeds it waits a little and is then asked to try again."`
	KeyFetchesPerClient RateLimit `toml:"key_fetches_per_client" default:"60/1m" doc:"Unknown keys that one address may have us fetch."`
	KeyFetchesPerHost   RateLimit `toml:"key_fetches_per_host" default:"120/1m" doc:"Unknown keys of one host that we fetch for those who have not yet signed with one; ten times as many for those who have."`
	FetchesPerAccount   RateLimit `toml:"fetches_per_account" default:"60/10m" doc:"GETs that the messages of one remote account may cause; ten times as many of one that somebody here follows."`
	FetchesPerSender    RateLimit `toml:"fetches_per_sender" default:"300/10m" doc:"GETs that the messages of all accounts of one domain, its subdomains included, may cause; ten times as many of those that somebody here follows."`
	FetchesPerHost      RateLimit `toml:"fetches_per_host" default:"600/5m" doc:"GETs that we make at one domain, its subdomains included, because of the messages of strangers. What people here ask for, and what those cause whom they follow, is counted apart."`
	Mentions            int       `toml:"mentions" default:"500" doc:"How many accounts one post of another server may mention, and how many here it may be addressed to. One with more is refused."`
	AuthorizedFetch     bool      `toml:"authorized_fetch" default:"false" doc:"Whether what is public is served to signed requests only: posts, collections and whole profiles as documents, none of it to who is suspended here. Pages, the API and media stay open. Relays and servers that do not sign what they ask for get nothing."`
	WaitingPerHost      int       `toml:"waiting_per_host" default:"500" doc:"How many messages of one host may wait until what they need is fetched, and how many posts of one host that they answer."`

	DeadAfter time.Duration `toml:"dead_after" default:"7d" doc:"How long a server may not answer before nothing more is delivered to it. It is asked once a day whether it is there again; when it is, or writes to this one, deliveries go on."`
}

// Signatures say which signatures of other servers are accepted.
type Signatures struct {
	Strict bool          `toml:"strict" default:"false" doc:"Whether signatures have to cover all that the specifications recommend, and be made within five minutes. It shuts out servers that FEDERATION.md lists: Mastodon, but for RFC 9421, among them."`
	Skew   time.Duration `toml:"skew" doc:"How far the time of a signature may be from the clock here, before or after. Default: 12 hours before and one after, since deliveries wait in queues; 300s when strict."`
}

// strictSkew is that of strict signatures.
const strictSkew = 5 * time.Minute

// SignatureSkew is how far the time of a signature may be from the clock here,
// 0 for the package signature's own limits.
func (c *Config) SignatureSkew() time.Duration {
	if c.Signatures.Skew == 0 && c.Signatures.Strict {
		return strictSkew
	}
	return c.Signatures.Skew
}
