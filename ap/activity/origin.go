package activity

import "time"

// Origin says how an activity arrived. Code does not compare origins: an origin
// says what its activities are trusted for, and what they cause. To add one is
// to add its value; the zero Origin trusts and causes nothing.
type Origin struct {
	// Name is for logs.
	Name string
	// Trusted activities were written, or are vouched for, by this server:
	// their ids and pages may be this server's own.
	Trusted bool
	// Unsolicited activities arrived without anyone here asking for them:
	// they must concern a local account, and their fetches count against
	// their actor.
	Unsolicited bool
	// Feeds adds new statuses to home feeds.
	Feeds bool
	// Notifies notifies the accounts concerned.
	Notifies bool
	// Publishes stores the activity of a local account and delivers it.
	Publishes bool
	// Completes fetches what a post names and is not known here: its
	// parents, and the accounts that it mentions.
	Completes bool
}

var (
	// Local was written by an account here, and built by us.
	Local = Origin{Name: "local", Trusted: true, Feeds: true, Notifies: true, Publishes: true}
	// Inbox was signed by its actor and posted to an inbox.
	Inbox = Origin{Name: "inbox", Unsolicited: true, Feeds: true, Notifies: true, Completes: true}
	// Fetched was read by us from the origin of its object: it is old, and
	// completes threads without adding to feeds.
	Fetched = Origin{Name: "fetched", Completes: true}
	// Announced was read from the origin of its object because a community
	// that is followed here announced it, to whom it was sent: it is new.
	Announced = Origin{Name: "announced", Feeds: true, Notifies: true, Completes: true}
	// Forwarded was read from the origin of its object because another than its
	// actor brought it, without a proof: whoever that is asks for nothing by it.
	Forwarded = Origin{Name: "forwarded", Unsolicited: true, Feeds: true, Notifies: true, Completes: true}
	// Relayed was brought by a relay, and read from its origin or proven: it is in
	// the home of who follows its author, but notifies nobody until its author
	// sends it, and causes no further fetch.
	Relayed = Origin{Name: "relayed", Feeds: true}
	// Crawled was read because somebody here opened its thread or its profile,
	// within the bounds of that: it causes no further fetch.
	Crawled = Origin{Name: "crawled"}
)

// caused is the origin of what local accounts do because of an activity: a new
// activity is answered by delivery, any other notifies nobody.
func (o Origin) caused() Origin {
	if o.Notifies {
		return Local
	}
	return o
}

// newFor is for how long what was published is new.
const newFor = 7 * 24 * time.Hour

// AsOf is the origin for what was published at a time: that somebody announces or
// brings it does not make it new.
func (o Origin) AsOf(published, now time.Time) Origin {
	if !published.IsZero() && now.Sub(published) > newFor {
		o.Feeds, o.Notifies = false, false
	}
	return o
}

func (o Origin) String() string { return o.Name }
