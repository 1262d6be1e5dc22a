package ap

import (
	"context"
	"net/http"
	"strings"
	"time"

	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// What others find here, asked for as they ask, under the public name: from this
// machine, so that a way in that is closed to the rest of the world only is not
// seen.

const fromHere = "This was asked from this machine. Some routers don't lead from inside to their own public address: ask the same address from elsewhere, such as a telephone, before you look for a fault."

// checkOurselves is the part of it that matters to another server: whether our
// signatures can be verified.
func (c *check) checkOurselves(ctx context.Context, st *Step) {
	uri := c.Config.InstanceActorURI()
	if !c.checkOwnDocument(ctx, st, uri, c.instancePublicKey) {
		return
	}
	st.set(Good, "Our own key, with which what we ask is signed, is where others look for it.")
}

// checkOwnDocument asks for an actor of ours, as others do, and compares its key.
func (c *check) checkOwnDocument(ctx context.Context, st *Step, uri, key string) bool {
	answer := c.ask(ctx, st, request{url: uri, accept: vocab.Accept})
	switch {
	case answer.Response == nil:
		st.fail("Other servers have to reach this one to verify what it sends. Does the name's DNS lead here, does the proxy run, is its certificate valid, are ports 443 and 80 open? "+fromHere, "This server is not reached under its own name: %s.", plainError(answer.err))
		return false
	case !answer.ok():
		st.fail("The proxy in front of this server has to hand it every request, with its path and its Host header as they are. "+fromHere, "Our own actor is answered with %d.", answer.status())
		return false
	case !vocab.IsActivityPubContentType(answer.Header.Get("Content-Type")):
		st.fail("Something in front of this server answers in its place, or its cache ignores the Accept header (it has to heed Vary).", "Our own actor is answered with a page.")
		return false
	}
	doc, err := c.bounds.Parse(answer.Body)
	if err != nil || doc.ID != uri {
		st.fail("The name leads to another server, or to another installation of this one: look at the proxy and the DNS.", "Under our own name another actor answers.")
		return false
	}
	for _, k := range doc.PublicKeys {
		if strings.TrimSpace(k.PEM) == strings.TrimSpace(key) && k.Owner == uri {
			return true
		}
	}
	st.fail("The name leads to another database: to an older copy of this server, perhaps. Look at where the proxy leads, and at the database setting.", "Under our own name there is another key than the one that is used here.")
	return false
}

// checkOwn is the check of this server.
func (c *check) checkOwn(ctx context.Context) {
	domain := "https://" + c.Config.Domain
	if strings.HasPrefix(c.Config.URL, "http://") {
		domain = "http://" + c.Config.Domain
	}
	named := c.step(ctx, "Name", func(ctx context.Context, st *Step) {
		c.checkName(ctx, st, c.Config.URL)
		if st.Result != Failed && c.Config.Domain != c.Config.Host() {
			c.checkName(ctx, st, domain)
		}
	})
	if named == Failed {
		return
	}
	account, err := c.ownAccount(ctx)
	if err != nil {
		c.step(ctx, "Account", func(_ context.Context, st *Step) {
			st.fail("`kinglet account list` has the accounts of this server.", "%s.", err)
		})
		return
	}
	if account != nil {
		c.step(ctx, "WebFinger", func(ctx context.Context, st *Step) { c.checkOwnHandle(ctx, st, domain, account) })
		c.step(ctx, "Actor", func(ctx context.Context, st *Step) {
			if c.Config.Federation.AuthorizedFetch {
				st.detail("federation.authorized_fetch is on: of the profile others see a stub unless they sign")
			}
			if c.checkOwnDocument(ctx, st, account.URI, account.PublicKey) {
				st.set(Good, "The actor %s is where others look for it, with its key.", account.URI)
			}
		})
		c.step(ctx, "Inbox", func(ctx context.Context, st *Step) { c.checkOwnInbox(ctx, st, account) })
	}
	c.step(ctx, "Server key", c.checkOurselves)
	c.actorIs, c.base = c.Config.InstanceActorURI(), c.Config.URL
	c.step(ctx, "Software", c.checkSoftware)
	c.step(ctx, "Clock", c.checkOwnClock)
	c.step(ctx, "Deliveries", c.checkLanes)
}

// ownAccount is the account that was named or, where the server was, the first one;
// nil when there is none yet.
func (c *check) ownAccount(ctx context.Context) (*store.Account, error) {
	return store.Read(ctx, c.Store, func(tx *store.Tx) (*store.Account, error) {
		if c.name != "" {
			account, err := tx.AccountByHandle(c.name, "")
			if err == nil && !account.Active() {
				err = fault.Errorf(fault.Gone, "The account %s is deleted or suspended", account.Username)
			}
			if fault.Is(err, fault.NotFound) {
				err = fault.Errorf(fault.NotFound, "There is no account %s here", clip(c.name))
			}
			return account, err
		}
		list, err := tx.LocalAccounts()
		if err != nil || len(list) == 0 {
			return nil, err
		}
		return list[0], nil
	})
}

func (c *check) checkOwnHandle(ctx context.Context, st *Step, base string, account *store.Account) {
	acct := "acct:" + c.Config.Handle(account.Username)
	found, answer := c.askHandle(ctx, st, base, acct)
	const advice = "What asks https://DOMAIN/.well-known/webfinger has to come to this server, or be redirected to it with its query: when the domain is served by another machine, that one has to do so. "
	switch {
	case !answer.ok():
		st.fail(advice+fromHere, "The handle @%s is not found under its domain.", c.Config.Handle(account.Username))
	case answer.err != nil || found.actor != account.URI:
		st.fail(advice, "Under the domain of the handle another server answers.")
	default:
		st.set(Good, "The handle @%s leads to its actor.", c.Config.Handle(account.Username))
	}
}

func (c *check) checkOwnInbox(ctx context.Context, st *Step, account *store.Account) {
	for _, inbox := range []string{account.Inbox, account.SharedInbox} {
		answer := c.ask(ctx, st, request{url: inbox, accept: vocab.Accept, stay: true})
		if answer.status() != http.StatusMethodNotAllowed || !strings.Contains(answer.Header.Get("Allow"), http.MethodPost) {
			st.fail("The proxy in front of this server has to hand it posts to "+inbox+" as they are, and redirect none. "+fromHere, "The inbox does not answer as it should.")
			return
		}
	}
	st.set(Good, "The inboxes are there, and take posts.")
}

// checkOwnClock has nobody's clock to compare with: of the servers that were heard
// of lately, none is asked. It says what there is to look at.
func (c *check) checkOwnClock(_ context.Context, st *Step) {
	st.set(Noted, "The clock here says %s.", c.Store.Now().UTC().Format(time.RFC3339))
	st.Advice = "Compare that with the time on a telephone. A check of any other server compares its clock with this one."
}

// checkLanes lists the servers that do not answer.
func (c *check) checkLanes(ctx context.Context, st *Step) {
	lanes, err := store.Read(ctx, c.Store, (*store.Tx).Lanes)
	if err != nil {
		st.fail("", "The database could not be read: %s.", err)
		return
	}
	if len(lanes) == 0 {
		st.set(Good, "No server is known to be away.")
		return
	}
	st.set(Noted, "%s away at the moment: what goes there waits.", upTo(min(len(lanes), mostListed+1), "server is", "servers are"))
	for _, l := range lanes[:min(len(lanes), mostListed)] {
		st.detail("%s since %s: %s", l.Name, when(l.FailingSince), l.Error)
	}
}
