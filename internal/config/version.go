package config

// Version is Kinglet's own.
const Version = "0.1.0"

// CompatibleVersion is what the Mastodon API gives as the server's version:
// clients read the first number to know what they may ask for.
const CompatibleVersion = "4.2.0 (compatible; Kinglet " + Version + ")"

// UserAgent is how this server names itself to others.
func (c *Config) UserAgent() string { return "Kinglet/" + Version + " (+" + c.URL + ")" }
