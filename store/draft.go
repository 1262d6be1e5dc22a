package store

// Draft is what a local object was made from, as far as its other columns don't
// have it: nobody parses the document that was made from it.
type Draft struct {
	Source string   // the text of a post as its author typed it; "" is that of its content
	To, Cc []string // whom a post, or an activity that is not about one, was addressed to
	Follow string   // URI of the Follow that an Accept or a Reject answers

	Community string // URI of the community that a post is in

	Mentions []MentionTag // of a post, in the order of its text

	Author string // URI of the account; a column of its own row
}

// MentionTag is a mention as the document of a post has it: what the mentioned
// account was called when the post was written.
type MentionTag struct {
	Href string `json:"href"` // URI of the account
	Name string `json:"name"` // @name@domain
}

// Draft reads what a local object was made from, without its author; empty for a
// remote one.
func (tx *Tx) Draft(id ObjectID) (Draft, error) {
	var d Draft
	err := tx.get("object "+id.String(), []any{&d.Source, fromJSON(&d.To), fromJSON(&d.Cc), &d.Follow, fromJSON(&d.Mentions)},
		`SELECT source, to_uris, cc_uris, follow_uri, mention_tags FROM objects WHERE id = $1`, id)
	return d, err
}

// FollowAnswer reads the answer of a type (Accept or Reject) that an account
// here gave to a follower, and the URI of the Follow that it answers; NotFound.
func (tx *Tx) FollowAnswer(account AccountID, typ, follower string) (id ObjectID, follow string, err error) {
	err = tx.get(typ+" of a Follow by "+follower, []any{&id, &follow}, `
		SELECT o.id, o.follow_uri
		FROM objects o
		WHERE o.object_uri = $1 AND o.object_uri <> '' AND o.account_id = $2 AND o.type = $3 AND o.deleted_at = 0
		ORDER BY o.id DESC
		LIMIT 1`, follower, account, typ)
	return id, follow, err
}
