package outgoing

// CloseIdle ends the connections that are kept for a next request: what else
// needs a file descriptor comes first.
func (c *Client) CloseIdle() {
	c.secure.CloseIdleConnections()
	c.plain.CloseIdleConnections()
}
