package object

import (
	"slices"

	"kinglet/ap/vocab"
	"kinglet/internal/config"
	"kinglet/store"
)

// policyParts are the parts of an interactionPolicy.
var policyParts = []struct {
	name string
	of   func(p *store.Policy) **store.Permission
}{
	{"canQuote", func(p *store.Policy) **store.Permission { return &p.Quote }},
	{"canReply", func(p *store.Policy) **store.Permission { return &p.Reply }},
	{"canLike", func(p *store.Policy) **store.Permission { return &p.Like }},
	{"canAnnounce", func(p *store.Policy) **store.Permission { return &p.Announce }},
}

// Limits of the accounts here that a list of a policy may name: how many, and the
// bytes of each name.
const (
	maxNamedHere = 16
	maxNameHere  = 64
)

// ReadPolicy reads who may do what with a status of author's; nil where it says
// nothing. Of whom it lists the groups are kept, and the accounts here.
func ReadPolicy(c *config.Config, o *vocab.Object, author *store.Account) *store.Policy {
	if o.Document["interactionPolicy"] == nil {
		return nil
	}
	p := &store.Policy{}
	for _, part := range policyParts {
		if said, ok := vocab.SubPolicyOf(o, part.name); ok {
			*part.of(p) = &store.Permission{Automatic: groups(c, said.Automatic, author), Manual: groups(c, said.Manual, author)}
		}
	}
	if *p == (store.Policy{}) {
		return nil
	}
	return p
}

func groups(c *config.Config, uris []string, author *store.Account) (list []string) {
	named := 0
	for _, uri := range uris {
		group := ""
		switch name, here := c.ParseURL(uri).Username(); {
		case uri == vocab.Public:
			group = store.Everyone
		case uri == author.FollowersURI:
			group = store.Followers
		case uri == author.FollowingURI:
			group = store.Following
		case uri == author.URI:
		case here && named < maxNamedHere && len(name) <= maxNameHere:
			named++
			group = "@" + name
		case !c.IsOwn(uri) && vocab.SameOrigin(uri, author.URI):
			group = store.Others // a collection, or somebody there
		}
		if group != "" && !slices.Contains(list, group) {
			list = append(list, group)
		}
	}
	return list
}

// WritePolicy writes the interactionPolicy of a post of an account here; nil for
// one that says nothing. Who may do something is at least the author: an empty
// list would be read as none. GoToSocial before 0.20 knows the older names only.
func WritePolicy(c *config.Config, author string, p *store.Policy) vocab.Document {
	if p == nil {
		return nil
	}
	name, _ := c.ParseURL(author).Username()
	uris := func(groups []string) []any {
		list := []any{}
		for _, group := range groups {
			switch group {
			case store.Everyone:
				list = append(list, vocab.Public)
			case store.Followers:
				list = append(list, c.FollowersURI(name))
			case store.Following:
				list = append(list, c.FollowingURI(name))
			}
		}
		return list
	}
	d := vocab.Document{}
	for _, part := range policyParts {
		said := *part.of(p)
		if said == nil {
			continue
		}
		automatic, manual := uris(said.Automatic), uris(said.Manual)
		if len(automatic) == 0 {
			automatic = []any{author}
		}
		written := vocab.Document{"automaticApproval": automatic}
		if len(manual) > 0 {
			written["manualApproval"] = manual
		}
		if part.name != "canQuote" {
			written["always"], written["approvalRequired"] = automatic, manual
		}
		d[part.name] = written
	}
	return d
}
