package config

// Version is the version of Kinglet.
const Version = "0.1.0"

// CompatibleVersion is the server's version in the Mastodon API: clients read
// the first number to detect features.
const CompatibleVersion = "4.2.0 (compatible; Kinglet " + Version + ")"

// UserAgent is the User-Agent of outgoing requests.
func (c *Config) UserAgent() string { return "Kinglet/" + Version + " (+" + c.URL + ")" }
