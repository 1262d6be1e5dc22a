package mastodon

import "kinglet/store"

// Mention is an account that a status mentions.
type Mention struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	URL      string `json:"url"`
	Acct     string `json:"acct"`
}

// Mention serializes an account that a status mentions.
func (Serializer) Mention(a *store.Account) Mention {
	return Mention{ID: a.ID.String(), Username: a.Username, URL: a.URL, Acct: a.Acct()}
}
