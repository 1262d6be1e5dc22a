package config

import "time"

// Threads limit what is fetched from other servers to complete conversations and
// profiles. The defaults are Mastodon's, where it has some.
type Threads struct {
	Fetch        string        `toml:"fetch" default:"on" doc:"Whether conversations and profiles are completed from other servers: on; opened, only those that somebody here opens or follows; or off."`
	MaxAncestors int           `toml:"max_ancestors" default:"100" doc:"How many posts above one are fetched at most."`
	MaxReplies   int           `toml:"max_replies" default:"500" doc:"How many replies are fetched at most when a conversation is opened."`
	Rest         time.Duration `toml:"rest" default:"15m" doc:"How long a conversation that was completed is not completed again."`
	ProfilePosts int           `toml:"profile_posts" default:"20" doc:"How many of its newest posts are fetched of a profile that is opened or followed."`
	ProfileRest  time.Duration `toml:"profile_rest" default:"1h" doc:"How long a profile that was fetched, with its counts, its newest posts and the pinned ones, is not fetched again when it is looked at."`
	Requests     RateLimit     `toml:"requests" default:"2/1s" doc:"Requests to one host for all of these together."`
}

// Arriving reports whether the conversations of posts that arrive are completed
// upwards.
func (t Threads) Arriving() bool { return t.Fetch == "on" }

// Opened reports whether what somebody opens or follows is completed.
func (t Threads) Opened() bool { return t.Fetch != "off" }

// Pause is the time between two requests to a host.
func (t Threads) Pause() time.Duration {
	return t.Requests.Window / time.Duration(max(t.Requests.Most, 1))
}
