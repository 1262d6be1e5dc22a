package config

// Source is the URL of the source code of the running program (AGPL-3.0,
// section 13): on the server itself, unless it is set.
func (c *Config) Source() string {
	if c.SourceURL != "" {
		return c.SourceURL
	}
	return c.URL + "/source.tar.gz"
}
