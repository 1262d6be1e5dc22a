package ap

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"kinglet/ap/activity"
	"kinglet/ap/vocab"
	"kinglet/internal/config"
	"kinglet/internal/fault"
	"kinglet/store"
)

// Story is what became of a post, an activity or an account, in and out, as far as
// it is known here. What strangers sent is in its texts: whoever prints them takes
// out what a terminal would obey.
type Story struct {
	Says    string   // what it is, or that it never came
	Facts   []string // what is known of it here
	CameIn  []StoryLine
	WentOut []Published
	Hints   []string // what to look at, or to do
}

// StoryLine is something that came, or waits to be fetched.
type StoryLine struct {
	At      time.Time
	What    string // the type of the activity
	Outcome string
	From    string
	Why     string
}

// Published is an activity of ours and where it went.
type Published struct {
	At             time.Time
	Type, URI      string
	Taken          []store.Sent
	Waiting, Given []StoryLine // given up, too
	Left           int         // for how many inboxes no delivery is enqueued yet
	Retracted      bool
}

// mostTold limits each list of a story.
const mostTold = 200

// Why tells what became of what a person names: the id of a post here, an address of
// a post, an activity or an account, or a handle. It asks nobody.
func (s *Service) Why(ctx context.Context, target string) (*Story, error) {
	target = strings.TrimSpace(target)
	var story *Story
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		story, err = s.why(tx, target)
		return err
	})
	return story, err
}

func (s *Service) why(tx *store.Tx, target string) (*Story, error) {
	if id, ok := store.ParseID(target); ok {
		o, err := tx.Object(store.ObjectID(id))
		if err == nil {
			return s.whyObject(tx, o)
		}
		if a, aerr := tx.Account(store.AccountID(id)); fault.Is(err, fault.NotFound) && aerr == nil {
			return s.whyAccount(tx, a)
		}
		return nil, err
	}
	address, ok := s.Config.ParseAddress(target)
	if !ok {
		h, isHandle := s.Config.ParseHandle(target)
		if !isHandle || h.Domain == "" && !h.Own && !strings.HasPrefix(target, "@") {
			return nil, fault.Errorf(fault.Invalid, "%q is neither the id of a post here, nor an address (https://…), nor a handle (@name@example.org)", clip(target))
		}
		domain := h.Domain
		if domain != "" {
			domain = vocab.Host("https://" + domain)
		}
		a, err := tx.AccountByHandle(h.Name, domain)
		if fault.Is(err, fault.NotFound) {
			return s.whyUnknown(tx, "The account "+h.String()+" is not known here.", "https://"+domain)
		}
		if err != nil {
			return nil, err
		}
		return s.whyAccount(tx, a)
	}
	uri, err := vocab.Canonical(address)
	if err != nil {
		return nil, fault.Errorf(fault.Invalid, "%w", err)
	}
	if o, err := s.objectNamed(tx, uri); err == nil {
		return s.whyObject(tx, o)
	} else if !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	if a, err := s.accountNamed(tx, uri); err == nil {
		return s.whyAccount(tx, a)
	} else if !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	return s.whyNotHere(tx, uri)
}

// objectNamed finds a post or an activity by its id or page, a deleted one too.
func (s *Service) objectNamed(tx *store.Tx, uri string) (*store.Object, error) {
	if u := s.Config.ParseURL(uri); u.Kind == config.StatusURL {
		id, _ := store.ParseID(u.ID)
		return tx.Object(store.ObjectID(id))
	} else if u.Kind != config.NotOurURL {
		uri = s.Config.MakeURL(u)
	}
	o, err := tx.ObjectByURI(uri)
	if fault.Is(err, fault.NotFound) && !s.Config.IsOwn(uri) {
		return tx.StatusByPage(vocab.Host(uri), uri)
	}
	return o, err
}

func (s *Service) accountNamed(tx *store.Tx, uri string) (*store.Account, error) {
	if u := s.Config.ParseURL(uri); u.Kind == config.ActorURL || u.Kind == config.ProfileURL {
		name, _ := u.Username()
		return tx.AccountByHandle(name, "")
	}
	return tx.AccountByURI(uri)
}

// whyObject is the story of a post, or of an activity of ours.
func (s *Service) whyObject(tx *store.Tx, o *store.Object) (*Story, error) {
	author, err := tx.Account(o.AccountID)
	if err != nil {
		return nil, err
	}
	story := &Story{}
	story.fact("id: %s", o.URI)
	if o.IsStatus || !o.DeletedAt.IsZero() && o.Type == "Tombstone" {
		if err := s.tellPost(tx, story, o, author); err != nil {
			return nil, err
		}
	} else {
		story.Says = fmt.Sprintf("The activity %s of @%s, of %s.", o.Type, author.Acct(), when(o.CreatedAt))
		if o.ObjectURI != "" {
			story.fact("about: %s", o.ObjectURI)
		}
	}
	if err := story.tellArrivals(tx, o.URI); err != nil {
		return nil, err
	}
	return story, s.tellPublished(tx, story, o, author)
}

func (st *Story) fact(format string, args ...any) {
	st.Facts = append(st.Facts, fmt.Sprintf(format, args...))
}

func (st *Story) hint(format string, args ...any) {
	st.Hints = append(st.Hints, fmt.Sprintf(format, args...))
}

// tellPost tells what is known of a post here, and whose home feed it is in.
func (s *Service) tellPost(tx *store.Tx, st *Story, o *store.Object, author *store.Account) error {
	what := "A post"
	if o.ReblogOfID != 0 || o.Type == "Announce" {
		what = "A boost"
	}
	if !o.DeletedAt.IsZero() {
		st.Says = fmt.Sprintf("%s of @%s, which was deleted on %s.", what, author.Acct(), when(o.DeletedAt))
		return nil
	}
	st.Says = fmt.Sprintf("%s of @%s, %s, of %s.", what, author.Acct(), o.Visibility, when(o.PublishedAt))
	if o.URL != "" && o.URL != o.URI {
		st.fact("page: %s", o.URL)
	}
	st.fact("here since %s, as %s (%s)", when(o.CreatedAt), o.Visibility, o.Type)
	if !o.EditedAt.IsZero() {
		st.fact("edited %s", when(o.EditedAt))
	}
	if o.ReblogOfID != 0 {
		st.fact("boosts %s", o.ObjectURI)
	}
	switch {
	case o.InReplyToURI == "":
	case o.InReplyToID == 0:
		st.fact("answers %s, which is not known here", o.InReplyToURI)
	default:
		st.fact("answers %s", o.InReplyToURI)
	}
	if !author.Active() {
		st.fact("its author is deleted or suspended here: nobody sees it")
	}
	quiet, err := tx.IsQuiet(o.ID)
	if err != nil {
		return err
	}
	if quiet {
		st.fact("it was fetched (somebody here opened, boosted, quoted or searched for it) and never sent by its author: so it is in no home feed, and nobody was notified")
	}
	readers, err := tx.Readers(o)
	if err != nil {
		return err
	}
	for _, r := range readers[:min(len(readers), mostTold)] {
		st.fact("%s", s.reader(o, r, quiet, author))
	}
	if len(readers) == 0 && !author.Local() {
		st.fact("nobody here follows @%s, and it mentions nobody here", author.Acct())
	}
	return nil
}

// reader says whether a post is in a home feed, and why not: the rules are those of
// store.AddToHomeFeeds.
func (s *Service) reader(o *store.Object, r store.Reader, quiet bool, author *store.Account) string {
	own := author.Local() && author.Username == r.Username
	name := "@" + r.Username
	switch {
	case r.InHome && r.Blocked:
		return "in the home feed of " + name + ", and hidden there: one of the two blocks the other"
	case r.InHome && r.Mutes:
		return "in the home feed of " + name + ", and hidden there: it is muted"
	case r.InHome:
		return "in the home feed of " + name
	case own:
		return "not in the home feed of its author any more: the feed keeps its newest posts only"
	case !r.Follows:
		return "mentions " + name + ", who does not follow its author: a notification, and not in the home feed"
	case quiet:
		return "not in the home feed of " + name + ": it was fetched, and not sent"
	case o.Visibility == store.Direct && !r.Mentioned:
		return "not in the home feed of " + name + ": it is direct, and for others"
	case o.InReplyToURI != "" && o.InReplyToAccountID == 0:
		return "not in the home feed of " + name + ": it answers something that was not known here"
	case o.InReplyToURI != "" && !r.FollowsOther && !r.AnsweredHere:
		return "not in the home feed of " + name + ": it answers somebody whom " + name + " does not follow"
	case o.ReblogOfID != 0 && r.HidesBoosts:
		return "not in the home feed of " + name + ", who hides the boosts of its author"
	case o.ReblogOfID != 0:
		return "not in the home feed of " + name + ": what it boosts was there within a day before"
	}
	return "not in the home feed of " + name + ": it came before " + name + " followed its author, or so long ago that newer posts took its place"
}

// tellArrivals tells what came of an activity or about an object.
func (st *Story) tellArrivals(tx *store.Tx, uri string) error {
	list, err := tx.ArrivalsAbout(uri, mostTold)
	if err != nil {
		return err
	}
	before := map[string]bool{}
	for _, a := range list {
		line := lineOf(a)
		if key := a.Actor + " " + a.Activity; a.Outcome == store.Accepted && a.Activity != "" {
			if before[key] {
				line.Why = strings.TrimSuffix("it came again, which changed nothing; "+line.Why, "; ")
			}
			before[key] = true
		}
		st.CameIn = append(st.CameIn, line)
	}
	waiting, err := tx.FetchesFor(uri, mostListed)
	for _, j := range waiting {
		st.CameIn = append(st.CameIn, StoryLine{At: j.CreatedAt, What: "fetch", Outcome: jobState(j), From: j.Lane, Why: jobReason(j)})
	}
	return err
}

func lineOf(a store.Arrival) StoryLine {
	line := StoryLine{At: a.At, What: a.Type, Outcome: a.Outcome, From: a.Host, Why: a.Reason}
	var more []string
	if a.KeyID != "" && a.Verified {
		more = append(more, "signed with "+a.KeyID)
	}
	if !a.Verified {
		more = append(more, "the signature was not verified: anybody may have sent it")
	}
	if a.Actor != "" && vocab.WithoutFragment(a.KeyID) != a.Actor {
		more = append(more, "of "+a.Actor)
	}
	if a.More > 0 {
		more = append(more, fmt.Sprintf("and %d more like it", a.More))
	}
	line.Why = strings.Join(slices.DeleteFunc(append([]string{line.Why}, more...), func(s string) bool { return s == "" }), "; ")
	return line
}

func jobState(j store.Job) string {
	if !j.DeadAt.IsZero() {
		return "given up"
	}
	return store.Waiting
}

func jobReason(j store.Job) string {
	var parts []string
	if j.Attempts > 0 {
		parts = append(parts, upTo(j.Attempts, "try", "tries"))
	}
	if j.Error != "" {
		parts = append(parts, j.Error)
	}
	return strings.Join(parts, ", ")
}

// tellPublished tells of each activity of ours about an object who took it, who will
// be tried again and who was given up.
func (s *Service) tellPublished(tx *store.Tx, st *Story, o *store.Object, author *store.Account) error {
	list, err := tx.ActivitiesAbout(o.URI, mostListed)
	if err != nil {
		return err
	}
	if o.Local && (!o.IsStatus || o.Type == "Announce") {
		list = append([]*store.Object{o}, list...)
	}
	lanes := map[string]store.Lane{}
	failing, err := tx.Lanes()
	if err != nil {
		return err
	}
	for _, l := range failing {
		lanes[l.Name] = l
	}
	for _, a := range list {
		p := Published{At: a.CreatedAt, Type: a.Type, URI: a.URI, Retracted: !a.DeletedAt.IsZero()}
		if p.Taken, err = tx.SentOf(a.ID, mostTold); err != nil {
			return err
		}
		jobs, err := tx.DeliveriesOf(a.ID, mostTold)
		if err != nil {
			return err
		}
		for _, j := range jobs {
			p.add(j, lanes[j.Lane])
		}
		if len(p.Taken)+len(p.Waiting)+len(p.Given)+p.Left > 0 || a.ID == o.ID || a.Type == "Create" {
			st.WentOut = append(st.WentOut, p)
		}
	}
	if !author.Local() || !o.DeletedAt.IsZero() {
		return nil
	}
	dead, err := tx.DeadFollowers(author.ID, mostListed)
	if len(dead) > 0 {
		st.hint("Followers on these servers get nothing at the moment, since the servers have not answered for days: %s.", strings.Join(dead, ", "))
	}
	if kept := s.Store.Now().Add(-s.Config.Retention.FederationLog); o.CreatedAt.Before(kept) {
		st.hint("Who took it is not remembered for longer than retention.federation_log (%s).", hours(s.Config.Retention.FederationLog))
	}
	return err
}

// add tells of a job that delivers, or enqueues deliveries.
func (p *Published) add(j store.Job, lane store.Lane) {
	if j.Kind == activity.FanOutJob.Name {
		var all activity.FanOutArgs
		if json.Unmarshal(j.Args, &all) == nil {
			p.Left += len(all.Inboxes)
		}
		return
	}
	line := StoryLine{At: j.RunAt, What: p.Type, Outcome: jobState(j), From: j.Lane, Why: jobReason(j)}
	if !j.DeadAt.IsZero() {
		line.At = j.DeadAt
		p.Given = append(p.Given, line)
		return
	}
	if lane.NotBefore.After(line.At) {
		line.At = lane.NotBefore
	}
	if line.Why == "" && lane.Error != "" {
		line.Why = "it waits for its server: " + lane.Error
	}
	p.Waiting = append(p.Waiting, line)
}
