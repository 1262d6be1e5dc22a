package config

// Federation bounds what other servers, and those who only say that they are
// one, can make this server do. The defaults are generous: a server of a few
// people, with a relay or two, stays far below them.
type Federation struct {
	InboxPerAddress     int   `toml:"inbox_per_address" default:"6000" doc:"How many posts to inboxes one address may make in 5 minutes, whoever signs them."`
	InboxStrangers      int   `toml:"inbox_strangers" default:"128" doc:"How many inbox posts may be looked at at once whose key is not known here; one address or one host may have a quarter of them. Known servers have room of their own."`
	InboxMemory         int64 `toml:"inbox_memory" default:"8388608" doc:"How many bytes of inbox posts may be in memory at once. What comes above waits a little and is then asked to come again."`
	KeyFetchesPerClient int   `toml:"key_fetches_per_client" default:"60" doc:"How many unknown keys one address may have us fetch in a minute."`
	KeyFetchesPerHost   int   `toml:"key_fetches_per_host" default:"120" doc:"How many unknown keys of one host we fetch in a minute for those who have not yet signed with one."`
	FetchesPerAccount   int   `toml:"fetches_per_account" default:"60" doc:"How many GETs the messages of one remote account may cause in 10 minutes. One that somebody here follows may cause ten times as many."`
	FetchesPerSender    int   `toml:"fetches_per_sender" default:"300" doc:"How many GETs the messages of all accounts of one host may cause in 10 minutes; ten times as many for those that somebody here follows."`
	FetchesPerHost      int   `toml:"fetches_per_host" default:"600" doc:"How many GETs we make at one host in 5 minutes because of the messages of strangers. What people here ask for, and what those cause whom they follow, is counted apart."`
	WaitingPerHost      int   `toml:"waiting_per_host" default:"500" doc:"How many messages of one host may wait until what they need is fetched."`
	DocumentsPerAddress int   `toml:"documents_per_address" default:"3000" doc:"How many documents one address may ask for in 5 minutes: actors, posts, collections, WebFinger, NodeInfo."`
	MediaPerAddress     int   `toml:"media_per_address" default:"12000" doc:"How many pictures one address may ask for in 5 minutes."`
}
