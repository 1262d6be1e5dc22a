package ap

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/internal/outgoing"
	"kinglet/store"
)

// A check of the federation with another server goes the way that a delivery and a
// fetch go, step by step, and tells a person what was asked, answered, verified and
// concluded. It changes nothing, here or there: it makes GETs only, through the one
// client, and stores nothing of what it is answered.

// Result is what came of a step.
type Result string

// The results of a step.
const (
	Good    Result = "ok"
	Noted   Result = "note" // it works, and there is something to know
	Failed  Result = "FAIL"
	Skipped Result = "skip" // nothing could be asked
)

// Step is one step of a check. What strangers sent is in its texts: whoever prints
// them takes out what a terminal would obey.
type Step struct {
	Name    string
	Result  Result
	Says    string        // what is concluded, in a sentence
	Asked   []CheckAnswer // what was asked and answered
	Details []string      // what was verified, and what else there is to know
	Advice  string        // what to do when it failed, and who
}

// CheckAnswer is a request of a check and its answer.
type CheckAnswer struct{ Request, Answer string }

func (st *Step) set(r Result, format string, args ...any) {
	st.Result, st.Says = r, fmt.Sprintf(format, args...)
}

func (st *Step) fail(advice, format string, args ...any) {
	st.set(Failed, format, args...)
	st.Advice = advice
}

func (st *Step) detail(format string, args ...any) {
	st.Details = append(st.Details, fmt.Sprintf(format, args...))
}

// check is a check under way.
type check struct {
	*Service
	report func(Step)
	failed []string

	name, domain string // of the handle, as asked; "" where only a URL was given
	base         string // scheme://host that is asked first
	url          string // of the actor, or of what leads to it; "" until it is known

	handles map[string]*checked // what WebFinger answered
	doc     *vocab.Object       // the actor, as it answered
	account *store.Account      // the same, read; nil when it can't be used
	actorIs string              // URI of the actor, believed or not
	clocks  []skew
	accepts bool // an answer of theirs asks for signatures of RFC 9421
	// unsigned and signed are the statuses of the actor's document.
	unsigned, signed int
}

// checkTime limits what is asked of others, ownTime what is asked of this server
// after that. What is read here has its own time: a host that trickles is no reason
// to say that something is wrong here.
const (
	checkTime = 3 * time.Minute
	ownTime   = time.Minute
)

// CheckFederation checks the federation with who has a handle, with the server of
// a URL or with a host; or, for a handle or URL of this server, what others find
// here. It reports each step when it is done, and returns the names of those that
// failed.
func (s *Service) CheckFederation(ctx context.Context, target string, report func(Step)) (failed []string, err error) {
	asking, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	c := &check{Service: s, report: report, handles: map[string]*checked{}}
	own, err := c.aim(target)
	if err != nil {
		return nil, err
	}
	s.readSignatureHosts(ctx)
	if own {
		c.checkOwn(asking)
		return c.failed, nil
	}
	c.checkOther(ctx, asking)
	return c.failed, nil
}

// aim reads what is to be checked.
func (c *check) aim(target string) (own bool, err error) {
	target = strings.TrimSpace(target)
	if !strings.Contains(target, "@") && c.Config.IsOwnHost(target) {
		return true, nil
	}
	if address, ok := c.Config.ParseAddress(target); ok {
		canonical, err := vocab.Canonical(address)
		if err != nil {
			return false, fault.Errorf(fault.Invalid, "%w", err)
		}
		if c.Config.IsOwn(canonical) {
			if u := c.Config.ParseURL(canonical); u.Name != "" {
				c.name, _ = u.Username()
			}
			return true, nil
		}
		origin, _ := vocab.Origin(canonical)
		c.url, c.base = canonical, origin
		if strings.TrimPrefix(canonical, origin) == "" || strings.TrimPrefix(canonical, origin) == "/" {
			c.url = ""
		}
		return false, nil
	}
	if !strings.Contains(target, "@") {
		if host := vocab.Host("https://" + target); host != "" && strings.ContainsAny(host, ".:") {
			c.base = "https://" + host
			return false, nil
		}
	}
	h, ok := c.Config.ParseHandle(target)
	if !ok || h.Domain == "" && !h.Own {
		return false, fault.Errorf(fault.Invalid, "%q is neither a handle (@name@example.org), nor an address (https://…), nor a server (example.org)", clip(target))
	}
	c.name = h.Name
	if h.Own {
		return true, nil
	}
	if c.domain = vocab.Host("https://" + h.Domain); c.domain == "" {
		return false, fault.Errorf(fault.Invalid, "%q has no domain", clip(target))
	}
	c.base = "https://" + c.domain
	return false, nil
}

// step runs a step and reports it.
func (c *check) step(ctx context.Context, name string, do func(ctx context.Context, st *Step)) Result {
	st := Step{Name: name}
	do(ctx, &st)
	if st.Result == Failed {
		c.failed = append(c.failed, name)
	}
	c.report(st)
	return st.Result
}

// chooseScheme has a server inside allow_networks asked in plain http when it does
// not answer otherwise, as WebFinger does.
func (c *check) chooseScheme(ctx context.Context) {
	host := vocab.Host(c.base + "/")
	if c.url != "" || !c.client.IsAllowedNetwork(ctx, host) {
		return
	}
	if answer := c.ask(ctx, &Step{}, request{url: c.base + "/.well-known/nodeinfo", accept: jrdTypes}); answer.Response == nil {
		c.base = "http://" + host
	}
}

// checkOther is the check of another server, which is asked as long as asking lasts.
func (c *check) checkOther(ctx, asking context.Context) {
	c.chooseScheme(asking)
	if c.step(asking, "Name", func(ctx context.Context, st *Step) { c.checkName(ctx, st, c.base) }) == Failed {
		c.step(ctx, "Between us", c.checkStanding)
		c.step(ctx, "To them", c.checkSent)
		c.step(ctx, "From them", c.checkCame)
		return
	}
	if c.name != "" {
		c.step(asking, "WebFinger", c.checkHandle)
	}
	if c.url != "" {
		c.step(asking, "Actor", c.checkActorDocument)
	}
	if c.doc != nil {
		c.step(asking, "Handle", c.checkBack)
		c.step(asking, "Keys", c.checkKeys)
		c.step(asking, "Inbox", c.checkInboxes)
	}
	c.step(asking, "Software", c.checkSoftware)
	c.step(ctx, "Clock", c.checkClock)
	c.step(ctx, "Signatures", c.checkSignatures)
	c.step(ctx, "Between us", c.checkStanding)
	c.step(ctx, "To them", c.checkSent)
	c.step(ctx, "From them", c.checkCame)
	own, cancel := context.WithTimeout(ctx, ownTime)
	defer cancel()
	c.step(own, "This server", c.checkOurselves)
}

// host is the host of the actor, or of what was asked.
func (c *check) host() string {
	if c.actorIs != "" {
		return vocab.Host(c.actorIs)
	}
	return vocab.Host(c.base + "/")
}

// checkName looks up the name of a host, and whether a request may go there.
func (c *check) checkName(ctx context.Context, st *Step, base string) {
	host := vocab.Host(base + "/")
	all, allowed, err := c.client.Addresses(ctx, base+"/")
	if err != nil {
		st.Asked = append(st.Asked, CheckAnswer{"the addresses of " + host, "none: " + plainError(err)})
		if outgoing.IsRefused(err) {
			st.fail("Is it spelt as its owner spells it?", "%s is no name of a server.", host)
			return
		}
		st.fail("Is the name spelt as its owner spells it? If it is, the domain has expired, or its DNS does not work: its owner has to see to that. If no name at all is found from this machine, its own DNS resolver does not work.",
			"The name %s was not found.", host)
		return
	}
	st.Asked = append(st.Asked, CheckAnswer{"the addresses of " + host, listAddresses(all)})
	if len(allowed) == 0 {
		st.fail("A server on the internet needs a name with a public address, on port 443 or 80. If it is in a network of your own, name that in allow_networks.",
			"Nothing is ever sent to %s: none of its addresses is one on the internet.", host)
		return
	}
	if refused := without(all, allowed); len(refused) > 0 {
		st.set(Noted, "%s has an address, but some of its addresses are not on the internet, and are not used.", host)
		st.detail("not used: %s", listAddresses(refused))
		return
	}
	st.set(Good, "%s has an address to connect to.", host)
}

// mostListed is how much of any list is told.
const mostListed = 10

func listAddresses(list []netip.Addr) string {
	var out []string
	for _, a := range list[:min(len(list), mostListed)] {
		out = append(out, a.Unmap().String())
	}
	if n := len(list) - len(out); n > 0 {
		out = append(out, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(out, ", ")
}

func without(all, some []netip.Addr) (rest []netip.Addr) {
	for _, a := range all {
		if !slices.Contains(some, a.Unmap()) && len(some) < len(all) {
			rest = append(rest, a)
		}
	}
	return rest
}
