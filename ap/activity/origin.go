package activity

// Origin says by which door an activity came in. Nobody asks which door it
// was: an origin answers what an activity is believed for, and what it causes.
// To add one is to add its value; the zero Origin is believed nothing and
// causes nothing.
type Origin struct {
	// Name is for logs.
	Name string
	// Trusted was written, or is vouched for, by this server: its ids and
	// pages may be this server's own.
	Trusted bool
	// Unsolicited came without anybody here having asked for it: it has to
	// concern someone here, and what it has us fetch is counted for its actor.
	Unsolicited bool
	// Feeds is new, and goes into home feeds.
	Feeds bool
	// Notifies is new, and those it concerns are notified.
	Notifies bool
	// Publishes is done by an account here: it is kept, and delivered to all
	// whom it is for.
	Publishes bool
	// Completes has what it names, and what is not known here, fetched: the
	// parents of a post, and those it mentions.
	Completes bool
}

var (
	// Local was written by an account here, and built by us.
	Local = Origin{Name: "local", Trusted: true, Feeds: true, Notifies: true, Publishes: true}
	// Inbox was signed by its actor and posted to an inbox.
	Inbox = Origin{Name: "inbox", Unsolicited: true, Feeds: true, Notifies: true, Completes: true}
	// Fetched was read by us from the origin of its object: old, it fills
	// threads and not feeds.
	Fetched = Origin{Name: "fetched", Completes: true}
)

// caused is the origin of what accounts here do because of an activity: what is
// new is answered, and of the rest nobody is told.
func (o Origin) caused() Origin {
	if o.Notifies {
		return Local
	}
	return o
}

func (o Origin) String() string { return o.Name }
