package config

import "time"

// Relays are what holds for every relay that this server has subscribed to.
type Relays struct {
	Keep   time.Duration `toml:"keep" default:"7d" doc:"How long a post that a relay brought is kept if nobody here has touched it: no answer, boost, favourite, reaction, bookmark, vote or mention, and its author not followed. It is deleted as if it had never come."`
	Budget int           `toml:"budget" default:"300" doc:"How many posts are taken of a relay in an hour, unless kinglet relay add says another number for it."`
}
