package config

// Source is where people get the source code of the program that runs here
// (AGPL-3.0, section 13): from the server itself, unless it is set.
func (c *Config) Source() string {
	if c.SourceURL != "" {
		return c.SourceURL
	}
	return c.URL + "/source.tar.gz"
}
