package ap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"kinglet/ap/object"
	"kinglet/ap/signature"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// checkInboxes asks at the inboxes, with a GET: to post anything, even something
// without an effect, would be an activity. A server that takes posts there answers
// 405 to that, or 401, 403 or 404; what it answers to a real delivery is in the
// step "To them".
func (c *check) checkInboxes(ctx context.Context, st *Step) {
	inboxes := []string{c.doc.Inbox}
	if c.doc.SharedInbox != "" && c.doc.SharedInbox != c.doc.Inbox {
		inboxes = append(inboxes, c.doc.SharedInbox)
	}
	if c.doc.Inbox == "" {
		st.fail("Without an inbox nothing can be sent to it: tell the admin of the other server.", "The account has no inbox.")
		return
	}
	st.set(Good, "Something answers at its inboxes. Asked with GET: nothing is posted by a check.")
	missing, takesPosts := false, false
	for _, inbox := range inboxes {
		if !vocab.SameOrigin(inbox, c.doc.ID) {
			if inbox == c.doc.Inbox {
				st.fail("The inbox has to be on the actor's own server: tell its admin.", "The inbox is on another server, and is not used.")
				return
			}
			st.set(Noted, "The shared inbox is on another server, and is not used.")
			continue
		}
		answer := c.ask(ctx, st, request{url: inbox, accept: vocab.Accept, signed: true, stay: true})
		switch status := answer.status(); {
		case len(answer.redirects) > 0:
			st.fail("A post is never redirected. The actor's document has to name the address where the inbox is: tell the admin of the other server.", "The inbox redirects, so nothing that is sent arrives.")
			return
		case answer.Response == nil:
			st.fail(answer.advise("inbox"), "The inbox does not answer.")
			return
		case status == http.StatusGone:
			st.fail("The account has been deleted: nothing more is sent there.", "The inbox is gone.")
			return
		case isOverloaded(status) || status >= 500:
			st.fail(answer.advise("inbox"), "The inbox does not work at the moment.")
			return
		case status == http.StatusNotFound:
			missing = true
		case status == http.StatusMethodNotAllowed:
			takesPosts = true
		}
	}
	if takesPosts {
		st.detail("405 is what an inbox answers to a GET: it is there, and takes posts")
	}
	if missing {
		st.detail("404 is what some servers, Mastodon among them, answer to a GET of an inbox that takes posts")
	}
}

// checkSoftware asks NodeInfo what runs there.
func (c *check) checkSoftware(ctx context.Context, st *Step) {
	base := c.base
	if c.actorIs != "" {
		base, _ = vocab.Origin(c.actorIs)
	}
	links := c.ask(ctx, st, request{url: base + "/.well-known/nodeinfo", accept: "application/json"})
	alone := c.name == "" && c.url == "" // only the host was named: no other step asks it
	if links.Response == nil && !alone {
		st.set(Skipped, "It did not answer.")
		return
	}
	if alone && (links.Response == nil || links.status() >= 500) {
		st.fail(links.advise("NodeInfo"), "The server does not answer, or fails.")
		return
	}
	if !links.ok() {
		st.set(Noted, "It does not say what software it is (no NodeInfo). Nothing depends on that.")
		return
	}
	var list struct{ Links []struct{ Rel, Href string } }
	address := ""
	if json.Unmarshal(links.Body, &list) == nil {
		for _, l := range list.Links[:min(len(list.Links), maxJRDLinks)] {
			if strings.HasPrefix(l.Rel, "http://nodeinfo.diaspora.software/ns/schema/") && vocab.Host(l.Href) != "" {
				address = l.Href // the last one is the newest
			}
		}
	}
	if address == "" {
		st.set(Noted, "It does not say what software it is: its NodeInfo has no link that is known. Nothing depends on that.")
		return
	}
	var info struct {
		Software  struct{ Name, Version string }
		Protocols json.RawMessage
	}
	if answer := c.ask(ctx, st, request{url: address, accept: "application/json"}); !answer.ok() || json.Unmarshal(answer.Body, &info) != nil || info.Software.Name == "" {
		st.set(Noted, "It does not say what software it is: its NodeInfo can't be read. Nothing depends on that.")
		return
	}
	if strings.Contains(string(info.Protocols), `"`) && !strings.Contains(string(info.Protocols), "activitypub") {
		st.set(Noted, "It is %s %s, and says that it does not speak ActivityPub.", info.Software.Name, info.Software.Version)
		return
	}
	st.set(Good, "It is %s.", strings.TrimSpace(info.Software.Name+" "+info.Software.Version))
}

const (
	// fineSkew is how far two clocks may be from each other for every server;
	// strictSkew for those that are strict.
	fineSkew   = 30 * time.Second
	strictSkew = 5 * time.Minute
)

// checkClock compares their clock with ours, by the Date of their answers.
func (c *check) checkClock(_ context.Context, st *Step) {
	host := c.host()
	var off, within time.Duration
	found := false
	for _, s := range c.clocks {
		if s.host == host && (!found || s.within < within) {
			off, within, found = s.off, s.within, true
		}
	}
	if !found {
		st.set(Skipped, "Their answers have no Date to compare with the time here.")
		return
	}
	back, ahead := signature.MaxAge, signature.MaxFuture
	if skew := c.Config.SignatureSkew(); skew != 0 {
		back, ahead = skew, skew
	}
	st.detail("ours says %s", c.Store.Now().UTC().Format(time.RFC3339))
	st.detail("a signature that comes here may be %s old and %s ahead (signatures.skew)", hours(back), hours(ahead))
	side := "behind"
	abs := -off
	if off > 0 {
		side, abs = "ahead of", off
	}
	if abs-within < fineSkew {
		st.set(Good, "Their clock and ours agree.")
		return
	}
	says := fmt.Sprintf("Their clock is about %s %s ours.", hours(abs.Round(10*time.Second)), side)
	const advice = "One of the two clocks is wrong. Compare both with the time on a telephone, and let the wrong machine set its clock by NTP (timedatectl set-ntp true)."
	if off < 0 && abs > back || off > 0 && abs > ahead {
		st.fail(advice, "%s What they sign is refused here.", says)
		return
	}
	st.set(Noted, "%s", says)
	st.Advice = advice
	if abs > strictSkew {
		st.detail("servers that are strict refuse signatures that are five minutes off")
	}
}

// hours writes a duration without its zeros.
func hours(d time.Duration) string {
	s := d.String()
	for _, zero := range []string{"0s", "0m"} {
		if strings.HasSuffix(s, zero) && len(s) > len(zero) && (s[len(s)-len(zero)-1] < '0' || s[len(s)-len(zero)-1] > '9') {
			s = strings.TrimSuffix(s, zero)
		}
	}
	return s
}

// checkSignatures says what is known of signatures, each way.
func (c *check) checkSignatures(ctx context.Context, st *Step) {
	host := c.host()
	known, ok := c.signatureHosts.get(signatureHost{host: host, posts: true}, c.Store.Now())
	switch {
	case ok && known.Message:
		st.detail("ours: deliveries to %s are signed by RFC 9421 with an Ed25519 key, which it is known to take", host)
	case c.accepts || c.doc != nil && slices.Contains(c.doc.Implements, object.ImplementsEd25519):
		st.detail("ours: it declares that it takes RFC 9421 with Ed25519 keys; until that is noted, deliveries are signed by draft-cavage (rsa-sha256)")
	default:
		st.detail("ours: deliveries to %s are signed by draft-cavage (rsa-sha256), which every server takes", host)
	}
	var proven string
	switch {
	case c.signed == http.StatusOK && couldNotVerify(c.unsigned):
		proven = "They verified our signature just now: without one they give nothing."
	case c.unsigned == 0 && !couldNotVerify(c.signed):
		proven = "How they take our signatures was not learned."
	case couldNotVerify(c.signed):
		st.fail("They have to be able to fetch "+c.Config.InstanceActorURI()+" from the internet, where our key is: see the step “This server”. If that is well, ask their admin whether this domain is blocked.",
			"They did not accept our signature.")
		return
	default:
		proven = "They do not demand signatures of whom they serve; whether ours are verified is seen from deliveries."
	}
	last, err := c.lastFrom(ctx, host, store.Accepted, store.Ignored, store.Waiting)
	if err != nil {
		st.fail("", "The database could not be read: %s.", err)
		return
	}
	if last == nil || !last.Verified {
		st.set(Good, "%s Of theirs none was verified here lately.", proven)
		return
	}
	st.detail("theirs: %s by %s", when(last.At), last.KeyID)
	st.set(Good, "%s Theirs was last verified here %s.", proven, when(last.At))
}

func (c *check) lastFrom(ctx context.Context, host string, outcomes ...string) (last *store.Arrival, err error) {
	list, err := store.Read(ctx, c.Store, func(tx *store.Tx) ([]store.Arrival, error) { return tx.ArrivalsFrom(host, outcomes, 1) })
	if len(list) > 0 {
		last = &list[0]
	}
	return last, err
}

func when(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// checkStanding says what there is between the two: blocks, suspensions, follows.
func (c *check) checkStanding(ctx context.Context, st *Step) {
	host := c.host()
	if v := c.env.Policy.Host(host); v.Refused {
		st.fail("A policy of this server says so: take the host out of it if that is not what you want.", "This server does not deal with %s: %s.", host, v)
		return
	}
	uri := c.actorIs
	if uri == "" {
		uri = c.url
	}
	err := c.Store.View(ctx, func(tx *store.Tx) error {
		account, err := tx.AccountByURI(uri)
		if fault.Is(err, fault.NotFound) && c.name != "" {
			account, err = tx.AccountByHandle(c.name, c.domain)
		}
		if fault.Is(err, fault.NotFound) {
			st.set(Good, "This server blocks nothing of %s. The account is not known here yet.", host)
			if c.name == "" && c.url == "" {
				st.set(Good, "This server blocks nothing of %s.", host)
			}
			return nil
		}
		if err != nil {
			return err
		}
		switch {
		case !account.DeletedAt.IsZero():
			st.fail("Its server said that it is deleted. An account that was deleted does not come back.", "The account is deleted here.")
			return nil
		case account.SuspendedByUs:
			st.fail("An admin of this server suspended it.", "The account is suspended here.")
			return nil
		case account.SuspendedByOrigin:
			st.set(Noted, "Its own server suspended the account.")
			return nil
		}
		followers, err := tx.FollowersHere(account.ID)
		if err != nil {
			return err
		}
		if len(followers) == 0 {
			st.set(Noted, "Nobody here follows the account: its posts come here only when they mention or answer somebody here.")
		} else {
			st.set(Good, "Its posts come to who follows it here: %s.", listNames(followers))
		}
		blocking, blocked, err := tx.BlocksHere(account.ID)
		if err != nil {
			return err
		}
		if len(blocking) > 0 {
			st.set(Noted, "It is blocked by %s.", listNames(blocking))
		}
		if len(blocked) > 0 {
			st.set(Noted, "It blocks %s.", listNames(blocked))
		}
		return nil
	})
	if err != nil {
		st.fail("", "The database could not be read: %s.", err)
	}
}

func listNames(names []string) string {
	var out []string
	for _, name := range names[:min(len(names), mostListed)] {
		out = append(out, "@"+name)
	}
	if n := len(names) - len(out); n > 0 {
		return strings.Join(out, ", ") + fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(out, ", ")
}

// checkSent says how deliveries to the host fare.
func (c *check) checkSent(ctx context.Context, st *Step) {
	host := c.host()
	err := c.Store.View(ctx, func(tx *store.Tx) error {
		last, err := tx.SentTo(host)
		if err != nil {
			return err
		}
		waiting, givenUp, err := tx.DeliveriesTo(host, mostListed+1)
		if err != nil {
			return err
		}
		if !last.IsZero() {
			st.detail("last delivery that it took: %s", when(last))
		}
		if len(waiting) > 0 {
			st.detail("%s", upTo(len(waiting), "delivery waits", "deliveries wait"))
			if waiting[0].Error != "" {
				st.detail("last error: %s", waiting[0].Error)
			}
		}
		for _, j := range givenUp[:min(len(givenUp), 3)] {
			st.detail("given up %s: %s", when(j.DeadAt), j.Error)
		}
		lane, dead, err := tx.Lane(host)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		gone := false
		if c.doc != nil {
			for _, inbox := range []string{c.doc.Inbox, c.doc.SharedInbox} {
				g, err := tx.IsGoneInbox(inbox)
				if err != nil {
					return err
				}
				gone = gone || g
			}
		}
		switch {
		case dead:
			st.fail("It is asked once a day. Everything goes on when it answers, or when something comes from it.", "It has not answered since %s: nothing more is sent to it.", when(lane.FailingSince))
		case err == nil && lane.NotBefore.After(c.Store.Now()):
			st.fail("Nothing is lost: all that waits is tried again then. If the steps above are well, it is there again, and the next try succeeds.", "It did not answer lately: it is tried again %s.", when(lane.NotBefore))
			st.detail("failing since %s: %s", when(lane.FailingSince), lane.Error)
		case gone:
			st.fail("It is tried again after 30 days, or when the account writes to somebody here.", "Its inbox said that it is gone (410): nothing more is sent there.")
		case len(givenUp) > 0 && givenUp[0].DeadAt.After(last):
			st.fail("It refuses what we send. Read the reason above: 401 is about our signature (see “Signatures” and “This server”), 403 mostly a block of this domain. Ask its admin.", "The last delivery was refused, and given up.")
		case len(waiting) > 0:
			st.set(Noted, "Something waits to be delivered.")
		case last.IsZero():
			st.set(Good, "Nothing was sent to it lately.")
		default:
			st.set(Good, "It took what was sent to it last.")
		}
		return nil
	})
	if err != nil {
		st.fail("", "The database could not be read: %s.", err)
	}
}

// upTo counts what was listed up to a number.
func upTo(n int, one, many string) string {
	switch {
	case n == 1:
		return "1 " + one
	case n > mostListed:
		return fmt.Sprintf("more than %d %s", mostListed, many)
	}
	return fmt.Sprintf("%d %s", n, many)
}

// checkCame says what came from the host, and what was refused.
func (c *check) checkCame(ctx context.Context, st *Step) {
	host := c.host()
	good, err := c.lastFrom(ctx, host, store.Accepted)
	bad, berr := store.Read(ctx, c.Store, func(tx *store.Tx) ([]store.Arrival, error) {
		return tx.ArrivalsFrom(host, []string{store.Refused, store.Ignored}, 3)
	})
	if err = errors.Join(err, berr); err != nil {
		st.fail("", "The database could not be read: %s.", err)
		return
	}
	if good != nil {
		st.detail("last accepted: %s %s", when(good.At), good.Type)
	}
	refused := false
	for _, a := range bad {
		refused = refused || a.Outcome == store.Refused && a.Verified && (good == nil || a.ID > good.ID)
		st.detail("%s %s: %s", a.Outcome, when(a.At), describeArrival(a))
	}
	switch {
	case refused:
		st.set(Noted, "What came from it last was refused.")
		st.Advice = "The reasons stand above; `kinglet why` with the id of a post tells more."
	case good != nil:
		st.set(Good, "What came from it last was accepted.")
	case len(bad) > 0:
		st.set(Noted, "Nothing that came from it lately was taken.")
	default:
		st.set(Good, "Nothing came from it lately.")
	}
}

func describeArrival(a store.Arrival) string {
	parts := strings.TrimSpace(a.Type + " " + a.Reason)
	if !a.Verified {
		parts += " (not verified: anybody may have sent it)"
	}
	if a.More > 0 {
		parts += fmt.Sprintf(" (and %d more like it)", a.More)
	}
	return parts
}
