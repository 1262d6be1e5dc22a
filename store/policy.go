package store

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Policy is what the author of a status says of who may do what with it
// (interactionPolicy of FEP-044f and GoToSocial). What it does not say is nil.
type Policy struct {
	Quote    *Permission `json:"quote,omitempty"`
	Reply    *Permission `json:"reply,omitempty"`
	Like     *Permission `json:"like,omitempty"`
	Announce *Permission `json:"announce,omitempty"`
}

// Permission is who may do one thing at once, and who when the author agrees.
// Whoever is in neither may not. Each is a list of the groups below and, of
// another server's status, of accounts here, as @name.
type Permission struct {
	Automatic []string `json:"automatic,omitempty"`
	Manual    []string `json:"manual,omitempty"`
}

// The groups of a Permission.
const (
	Everyone  = "public"
	Followers = "followers" // of the author
	Following = "following" // whom the author follows
	Others    = "unknown"   // a collection of which nobody here knows who is in it
)

// The kinds of interactions.
const (
	QuoteOf    = "quote"
	ReplyTo    = "reply"
	LikeOf     = "like"
	AnnounceOf = "announce"
)

// Of is the permission of a kind of interaction; nil where nothing is said.
func (p *Policy) Of(kind string) *Permission {
	if p == nil {
		return nil
	}
	switch kind {
	case QuoteOf:
		return p.Quote
	case ReplyTo:
		return p.Reply
	case LikeOf:
		return p.Like
	case AnnounceOf:
		return p.Announce
	}
	return nil
}

// openToQuotes is the policy of most statuses that have one: it is not written, but
// told from needing a stamp.
var openToQuotes = &Policy{Quote: &Permission{Automatic: []string{Everyone}}}

func (p *Policy) text() string {
	if p == nil || *p == (Policy{}) || p.Quote != nil && *p == (Policy{Quote: p.Quote}) && p.Quote.IsForAll() {
		return ""
	}
	b, err := json.Marshal(p)
	if err != nil {
		panic(err) // lists of texts
	}
	return string(b)
}

// policyScanner reads the policy of a status, after whether its quotes need a
// stamp.
type policyScanner struct{ o *Object }

func (s policyScanner) Scan(src any) error {
	switch v := src.(type) {
	case string:
		return s.ScanText([]byte(v))
	case []byte:
		return s.ScanText(v)
	}
	return fmt.Errorf("the policy of a status is %T", src)
}

func (s policyScanner) ScanText(b []byte) error {
	if len(b) > 0 {
		s.o.Policy = new(Policy)
		return json.Unmarshal(b, s.o.Policy)
	}
	if s.o.QuotesNeedStamp {
		s.o.Policy = openToQuotes
	}
	return nil
}

// Approval is what a policy says of one account.
type Approval int

// What a policy may say, from the least.
const (
	Denied    Approval = iota
	Manual             // the author is asked, and decides
	Automatic          // the author's server agrees at once
)

// MayInteract is what the author of a status says of an account that does
// something with it. Whether the account sees the status is not asked here. An
// author may do everything, and whoever is mentioned may answer
// (GoToSocial's implicit assumptions). What nothing is said of, all may do who see
// the status; but quote only what is public.
func (tx *Tx) MayInteract(kind string, target *Object, who *Account) (Approval, error) {
	if target.AccountID == who.ID {
		return Automatic, nil
	}
	if kind == QuoteOf && target.Visibility > Unlisted {
		return Denied, nil
	}
	p := target.Policy.Of(kind)
	if p.IsForAll() {
		return Automatic, nil
	}
	if kind == ReplyTo {
		_, mentioned, err := one[int64](tx, `SELECT status_id FROM mentions WHERE status_id = $1 AND account_id = $2 AND NOT silent`, target.ID, who.ID)
		if err != nil || mentioned {
			return Automatic, err
		}
	}
	in, err := tx.groupsOf(p, target.AccountID, who)
	if err != nil {
		return Denied, err
	}
	return p.decide(in), nil
}

// MustWait reports whether others believe what an account here does with a status
// only once its author has accepted it. That is so for who is in a collection of
// the author's, too: nobody else knows who is.
func (tx *Tx) MustWait(kind string, target *Object, who *Account) (bool, error) {
	p := target.Policy.Of(kind)
	if p.IsForAll() || target.AccountID == who.ID {
		return false, nil
	}
	if kind == ReplyTo {
		_, mentioned, err := one[int64](tx, `SELECT status_id FROM mentions WHERE status_id = $1 AND account_id = $2 AND NOT silent`, target.ID, who.ID)
		if err != nil || mentioned {
			return false, err
		}
	}
	in, err := tx.groupsOf(p, target.AccountID, who)
	if err != nil {
		return false, err
	}
	own, collections, everyone := in[:1], in[1:2], in[2:3]
	if p.decide(own) != Denied {
		return p.decide(own) == Manual, nil
	}
	return p.decide(collections) != Denied || p.decide(everyone) != Automatic, nil
}

// IsForAll reports whether the permission makes no exception: nothing is said, or
// everyone is named.
func (p *Permission) IsForAll() bool {
	return p == nil || slices.Equal(p.Automatic, []string{Everyone}) && len(p.Manual) == 0
}

// groupsOf lists the groups of a permission that an account is in, the most
// specific first. In a group that is not known everyone may be.
func (tx *Tx) groupsOf(p *Permission, author AccountID, who *Account) (in [][]string, err error) {
	names := func(group string) bool {
		return slices.Contains(p.Automatic, group) || slices.Contains(p.Manual, group)
	}
	var collections []string
	for group, pair := range map[string][2]AccountID{Followers: {who.ID, author}, Following: {author, who.ID}} {
		if !names(group) {
			continue
		}
		_, follows, err := one[int64](tx, `SELECT account_id FROM follows WHERE account_id = $1 AND target_id = $2 AND accepted`, pair[0], pair[1])
		if err != nil {
			return nil, err
		}
		if follows {
			collections = append(collections, group)
		}
	}
	own := []string{}
	if who.Local() {
		own = append(own, "@"+who.Username)
	}
	return [][]string{own, collections, {Everyone}, {Others}}, nil
}

// decide is what the most specific entry says that an account is in, and of two
// of those the one that allows more.
func (p *Permission) decide(in [][]string) Approval {
	for _, groups := range in {
		for _, group := range groups {
			if slices.Contains(p.Automatic, group) && group != Others {
				return Automatic
			}
		}
		for _, group := range groups {
			if slices.Contains(p.Manual, group) || slices.Contains(p.Automatic, group) {
				return Manual
			}
		}
	}
	return Denied
}
