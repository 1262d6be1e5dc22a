package ap

import (
	"context"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"kinglet/ap/object"
	"kinglet/ap/signature"
	"kinglet/ap/vocab"
)

// askHandle asks WebFinger for a handle, as webFinger does: at its domain or, where
// that knows none, where its host-meta says.
func (c *check) askHandle(ctx context.Context, st *Step, base, acct string) (found webFingerResult, answer *checked) {
	address := base + "/.well-known/webfinger?resource="
	if before := c.handles[address+acct]; before != nil { // a step before has asked
		found, _ = parseWebFinger(before.Body)
		return found, before
	}
	answer = c.ask(ctx, st, request{url: address + url.QueryEscape(acct), accept: jrdTypes})
	if answer.status() == http.StatusBadRequest || answer.status() == http.StatusNotFound {
		// Some take the one spelling only; we ask in the other.
		if plain := c.ask(ctx, st, request{url: address + acct, accept: jrdTypes, note: "not encoded"}); plain.ok() {
			st.detail("it answers only where the handle is not encoded in the address, as other servers encode it: a fault of theirs")
		}
	}
	if answer.status() == http.StatusNotFound {
		meta := c.ask(ctx, st, request{url: base + "/.well-known/host-meta", accept: xrdTypes})
		if meta.ok() {
			if template := parseHostMeta(meta.Body); template != "" {
				if other := strings.Replace(template, "{uri}", url.QueryEscape(acct), 1); other != address+url.QueryEscape(acct) && !c.Config.IsOwn(other) {
					answer = c.ask(ctx, st, request{url: other, accept: jrdTypes, note: "where its host-meta says"})
				}
			}
		}
	}
	if !answer.ok() {
		return found, answer
	}
	found, err := parseWebFinger(answer.Body)
	if err != nil || len(answer.Body) > maxDiscovery {
		answer.err = errors.New("it is no document of WebFinger")
		return webFingerResult{}, answer
	}
	c.handles[address+acct] = answer
	return found, answer
}

// checkHandle finds the actor of the handle that was asked.
func (c *check) checkHandle(ctx context.Context, st *Step) {
	acct := "acct:" + c.name + "@" + c.domain
	found, answer := c.askHandle(ctx, st, c.base, acct)
	switch {
	case !answer.ok():
		st.fail(answer.advise("account "+c.name), "%s does not say who @%s@%s is.", c.domain, c.name, c.domain)
		return
	case answer.err != nil || found.actor == "":
		st.fail("Their WebFinger has to have a link with rel “self” and the type application/activity+json. Its software may have ActivityPub switched off: tell its admin.",
			"%s answers, and names no ActivityPub actor.", c.domain)
		return
	case c.Config.IsOwn(found.actor):
		st.fail("Nobody but their admin can mend that.", "%s claims that the handle belongs to an account of this server.", c.domain)
		return
	}
	c.url = found.actor
	st.set(Good, "The handle belongs to %s.", found.actor)
	if found.subject != "" && !strings.EqualFold(found.subject, acct) {
		st.detail("its proper spelling is %s", strings.TrimPrefix(found.subject, "acct:"))
	}
	if vocab.Host(found.actor) != c.domain {
		st.detail("the server of %s is %s", c.domain, vocab.Host(found.actor))
	}
}

// checkActorDocument asks for the actor, without a signature and with one.
func (c *check) checkActorDocument(ctx context.Context, st *Step) {
	plain := c.ask(ctx, st, request{url: vocab.WithoutFragment(c.url), accept: vocab.Accept, note: "not signed"})
	signed := c.askSignedly(ctx, st, vocab.WithoutFragment(c.url))
	c.unsigned, c.signed = plain.status(), signed.status()
	if c.signed == 0 && signed.err == nil || signed.Response == nil {
		st.fail(signed.advise("document"), "%s does not answer.", vocab.Host(c.url))
		return
	}
	if !signed.ok() {
		st.fail(signed.advise("document"), "The actor is not given to us.")
		return
	}
	doc, from := c.documentOf(ctx, st, signed, c.url)
	if doc == nil {
		return
	}
	if !vocab.IsActorType(doc.Type) {
		author := doc.Author()
		if author == "" {
			st.fail("Name a person, a post or a page of a person.", "%s is neither an account nor a post.", c.url)
			return
		}
		st.detail("it is a post of %s", author)
		next := c.askSignedly(ctx, st, vocab.WithoutFragment(author))
		if !next.ok() {
			st.fail(next.advise("document"), "The author of the post is not given to us.")
			return
		}
		if doc, from = c.documentOf(ctx, st, next, author); doc == nil {
			return
		}
	}
	if !vocab.IsActorType(doc.Type) {
		st.fail("Tell the admin of the other server.", "The author of the post is no account.")
		return
	}
	c.actorIs, c.doc = doc.ID, doc
	st.detail("id: %s, as at its address%s", doc.ID, redirected(from, doc.ID))
	st.detail("type: %s", doc.Type)
	switch {
	case c.unsigned == http.StatusOK:
		st.set(Good, "The actor's document is given to everybody.")
	case c.unsigned == 0:
		st.set(Noted, "The actor's document came the second time only.")
	default:
		st.set(Good, "The actor's document is given to servers that sign what they ask (authorized fetch): they could verify our signature.")
	}
	if doc.Suspended {
		st.set(Noted, "Their server says that the account is suspended.")
	}
	if doc.MovedTo != "" {
		st.detail("the account has moved to %s", doc.MovedTo)
	}
}

func redirected(from, id string) string {
	if sameDocument(from, id) {
		return ""
	}
	return " (found at " + from + ")"
}

// askSignedly asks for a document as a fetch does: in the way that the host is
// known to take, and once more in the other.
func (c *check) askSignedly(ctx context.Context, st *Step, url string) *checked {
	known, ok := c.signatureHosts.get(signatureHost{host: vocab.Host(url)}, c.Store.Now())
	message := ok && known.Message
	kind := func(message bool) string {
		if message {
			return "signed by RFC 9421"
		}
		return "signed by draft-cavage"
	}
	first := c.ask(ctx, st, request{url: url, accept: vocab.Accept, signed: true, message: message, note: kind(message)})
	if !couldNotVerify(first.status()) || ok && !known.Message {
		return first
	}
	if second := c.ask(ctx, st, request{url: url, accept: vocab.Accept, signed: true, message: !message, note: kind(!message)}); second.ok() {
		return second
	}
	return first
}

// documentOf reads a document as a fetch does, and says what is wrong with it.
func (c *check) documentOf(ctx context.Context, st *Step, answer *checked, asked string) (doc *vocab.Object, from string) {
	for range 2 {
		if c.Config.IsOwn(answer.URL) {
			st.fail("Nobody but their admin can mend that.", "%s redirects to this server.", asked)
			return nil, ""
		}
		if ct := answer.Header.Get("Content-Type"); !vocab.IsActivityPubContentType(ct) {
			link := alternateOf(answer.Response)
			if link == "" || sameDocument(link, asked) {
				st.fail("The answer to an Accept header of application/activity+json has to have that type, or application/ld+json with the profile of ActivityStreams. A cache in front of their server may mix up pages and documents: tell their admin.",
					"%s answers with a page (%s), and no ActivityPub document.", asked, ct)
				return nil, ""
			}
			st.detail("the page links to its document: %s", link)
			if answer = c.askSignedly(ctx, st, link); !answer.ok() {
				st.fail(answer.advise("document"), "The document of the page is not given to us.")
				return nil, ""
			}
			asked = link
			continue
		}
		doc, err := c.bounds.Parse(answer.Body)
		if err != nil {
			st.fail("Tell the admin of the other server what stands above.", "The document can't be read: %s.", err)
			return nil, ""
		}
		if isOrigin(doc.ID, asked, answer.URL) {
			return doc, answer.URL
		}
		if _, err := vocab.ParseURI(doc.ID); err != nil || c.Config.IsOwn(doc.ID) {
			break
		}
		st.detail("the document says that its id is %s", doc.ID)
		if answer = c.askSignedly(ctx, st, vocab.WithoutFragment(doc.ID)); !answer.ok() {
			st.fail(answer.advise("document"), "The document is not at its own id, where it is believed.")
			return nil, ""
		}
		asked = doc.ID
	}
	if doc, err := c.bounds.Parse(answer.Body); err == nil && isOrigin(doc.ID, asked, answer.URL) && vocab.IsActivityPubContentType(answer.Header.Get("Content-Type")) {
		return doc, answer.URL
	}
	st.fail("A document is believed where its own id leads: the admin of the other server has to see that both are the same.", "The document at %s says that it is another.", answer.URL)
	return nil, ""
}

// checkBack compares the actor's own name with what WebFinger says of it.
func (c *check) checkBack(ctx context.Context, st *Step) {
	name, host := c.doc.PreferredUsername, vocab.Host(c.doc.ID)
	if name == "" {
		st.fail("The document needs a preferredUsername: tell the admin of the other server.", "The actor has no name.")
		return
	}
	origin, _ := vocab.Origin(c.doc.ID)
	acct := "acct:" + name + "@" + host
	found, answer := c.askHandle(ctx, st, origin, acct)
	if !answer.ok() || answer.err != nil || found.actor == "" {
		st.set(Noted, "%s has no WebFinger for @%s@%s: the account is known here by that name, which is not verified.", host, name, host)
		return
	}
	if !sameDocument(found.actor, c.doc.ID) {
		st.fail("Their admin has to see that WebFinger and the actor's document name each other.", "@%s@%s leads to another account, %s.", name, host, found.actor)
		return
	}
	handle := name + "@" + host
	subject, ok := c.Config.ParseHandle(found.subject)
	if domain := vocab.Host("https://" + subject.Domain); ok && domain != "" && domain != host && strings.EqualFold(subject.Name, name) {
		back, answer := c.askHandle(ctx, st, "https://"+domain, "acct:"+name+"@"+domain)
		if !answer.ok() || !sameDocument(back.actor, c.doc.ID) {
			st.set(Noted, "Its server says that the handle is @%s@%s, and %s does not confirm it: it is known here as @%s.", name, domain, domain, handle)
			st.Advice = "WebFinger of " + domain + " has to lead to the same actor: the owner of that domain can redirect /.well-known/webfinger to " + host + "."
			return
		}
		handle = name + "@" + domain
		st.detail("%s and %s name each other", domain, host)
	}
	if c.name != "" && !strings.EqualFold(handle, c.name+"@"+c.domain) {
		st.set(Noted, "The account is known as @%s, and not by the handle that was asked.", handle)
		return
	}
	st.set(Good, "The actor and its handle @%s name each other.", handle)
}

// checkKeys reads the actor's keys.
func (c *check) checkKeys(ctx context.Context, st *Step) {
	doc, err := c.withNamedKeys(ctx, c.doc, nil)
	if err != nil {
		st.fail("Their server has to serve the key at its address: tell its admin.", "The key could not be fetched: %s.", plainError(err))
		return
	}
	usable := 0
	for _, k := range doc.PublicKeys {
		what, good := describeKey(doc.ID, k)
		st.detail("%s: %s", k.ID, what)
		if good {
			usable++
		}
	}
	account, err := object.ReadActor(doc)
	if err != nil {
		st.fail("Without that nothing can be taken from the account, nor sent to it: tell the admin of the other server.", "The account can't be used: %s.", err)
		return
	}
	c.account = account
	if usable == 0 {
		st.fail("Without a key nothing that the account sends can be verified: tell the admin of the other server.", "None of its keys can be read.")
		return
	}
	st.set(Good, "Its keys can be read, and are its own.")
	if usable < len(doc.PublicKeys) {
		st.set(Noted, "Some of its keys can't be used here. The others are enough.")
	}
}

// describeKey says what a key is, and whether signatures are verified with it.
func describeKey(actor string, k vocab.PublicKey) (what string, good bool) {
	text := k.PEM
	if text == "" && k.Multibase != "" {
		key, err := signature.ParseMultikey(k.Multibase)
		if err == nil {
			text, err = signature.MarshalPublic(key)
		}
		if err != nil {
			return "can't be read: " + err.Error(), false
		}
	}
	if text == "" {
		return "has no text", false
	}
	key, err := signature.ParsePublic(text)
	if err != nil {
		return "can't be read: " + err.Error(), false
	}
	switch key := key.(type) {
	case *rsa.PublicKey:
		what = fmt.Sprintf("RSA, %d bits", key.N.BitLen())
	case ed25519.PublicKey:
		what = "Ed25519"
	default:
		return "is of a kind that is not used here", false
	}
	switch {
	case !vocab.SameOrigin(k.ID, actor):
		return what + ", not on the actor's own server", false
	case k.Owner != "" && k.Owner != actor:
		return what + ", of another: " + k.Owner, false
	}
	return what + ", of the actor", true
}
