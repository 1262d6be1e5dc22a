package activity

import (
	"kinglet/ap/policy"
	"kinglet/ap/vocab"
	"kinglet/store"
)

// Withheld asks the policies whether they withhold an activity or a post of an
// account here from a server. This is where they are asked about both ways out:
// before deliveries are enqueued, and when a server fetches with its signature.
func Withheld(env *Env, host string, author *store.Account, o *store.Object) bool {
	d := policy.Delivery{Host: host, Author: author.URI, Type: o.Type, ID: o.URI, Visibility: o.Visibility}
	v := env.Policy.Delivery(d)
	if v.Refused {
		env.Log.Debug("withheld from a server", "host", d.Host, "object", d.ID, "policy", v.Policy, "reason", v.Reason)
	}
	return v.Refused
}

// deliverable filters the inboxes that the policies let an activity go to. They
// are asked once about each server.
func deliverable(env *Env, a *Activity, p *Publication) []string {
	activity := row(a, p)
	withheld := map[string]bool{}
	var out []string
	for _, inbox := range p.Inboxes {
		if inbox == "" {
			continue
		}
		host := vocab.Host(inbox)
		not, asked := withheld[host]
		if !asked {
			not = Withheld(env, host, a.Actor, activity)
			withheld[host] = not
		}
		if !not {
			out = append(out, inbox)
		}
	}
	return out
}
