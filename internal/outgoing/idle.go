package outgoing

// CloseIdle closes idle connections, to free file descriptors for other uses.
func (c *Client) CloseIdle() {
	c.secure.CloseIdleConnections()
	c.plain.CloseIdleConnections()
}
