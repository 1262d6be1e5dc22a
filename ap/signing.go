package ap

import (
	"context"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"kinglet/ap/object"
	"kinglet/ap/signature"
	"kinglet/ap/vocab"
	"kinglet/internal/outgoing"
	"kinglet/store"
)

// How what we send is signed: by draft-cavage with the RSA key, which every server
// verifies, or by RFC 9421 with the Ed25519 key, for a fiftieth of the work, where
// the host is known to take it. It is known by the documents of its actors
// (FEP-844e), by an answer with Accept-Signature (RFC 9421 §5.1), or because it
// refused the one and took the other. A host that answers 202 to draft-cavage is
// never tried with the other: some answer so before they verify anything.

const (
	messagesFor = 30 * 24 * time.Hour // how long a host is known to take RFC 9421
	refusedFor  = 7 * 24 * time.Hour  // how long it is known to refuse it
	neitherFor  = 24 * time.Hour      // how long a host that refused both is not asked twice
	hostsFor    = 10 * time.Minute    // how long what other nodes learned may stay unknown
)

// signer has an actor's two keys.
type signer struct {
	keyID, ed25519ID string
	rsa              *rsa.PrivateKey
	ed25519          ed25519.PrivateKey // nil when it has none
}

// sign signs a request by RFC 9421 or by draft-cavage.
func (k signer) sign(r *http.Request, body []byte, message bool, now time.Time) error {
	if message {
		return signature.SignMessage(r, body, k.ed25519ID, k.ed25519, now)
	}
	return signature.Sign(r, body, k.keyID, k.rsa, now)
}

// signatureHosts are the hosts of which it is known whether they take RFC 9421, as
// the table has them: who delivers asks no database.
type signatureHosts struct {
	mu   sync.Mutex
	host map[signatureHost]store.SignatureHost
	read time.Time
}

// signatureHost is a host that is posted to, or asked.
type signatureHost struct {
	host  string
	posts bool
}

// get is what is known of a host; ok is false for nothing.
func (h *signatureHosts) get(host signatureHost, now time.Time) (known store.SignatureHost, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	known, ok = h.host[host]
	return known, ok && known.Until.After(now)
}

func (h *signatureHosts) put(known store.SignatureHost) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.host) >= 2*store.MaxSignatureHosts {
		h.host, h.read = nil, time.Time{}
	}
	if h.host == nil {
		h.host = map[signatureHost]store.SignatureHost{}
	}
	h.host[signatureHost{known.Host, known.Posts}] = known
}

func (h *signatureHosts) forget(host signatureHost) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.host, host)
}

// isDue reports, to one caller, that the table is to be read again.
func (h *signatureHosts) isDue(now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	due := h.read.IsZero() || now.Sub(h.read) >= hostsFor
	if due {
		h.read = now
	}
	return due
}

func (h *signatureHosts) replace(list []store.SignatureHost) {
	all := make(map[signatureHost]store.SignatureHost, len(list))
	for _, k := range list {
		all[signatureHost{k.Host, k.Posts}] = k
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.host = all
}

// readSignatureHosts reads the table, now and then. A failure means that what was
// known before is used.
func (s *Service) readSignatureHosts(ctx context.Context) {
	if !s.signatureHosts.isDue(s.Store.Now()) {
		return
	}
	list, err := store.Read(ctx, s.Store, (*store.Tx).SignatureHosts)
	if err != nil {
		s.Log.Debug("signature hosts", "error", err)
		return
	}
	s.signatureHosts.replace(list)
}

// learn remembers what a host showed about RFC 9421. A host that refused both, for
// whatever reason, showed nothing, and is only not asked twice for a while.
func (s *Service) learn(ctx context.Context, host signatureHost, message bool, during time.Duration) {
	h := store.SignatureHost{Host: host.host, Posts: host.posts, Message: message, Told: during != neitherFor, Until: s.Store.Now().Add(during)}
	if err := s.Store.Update(ctx, func(tx *store.Tx) error { return s.putSignatureHost(tx, h) }); err != nil {
		s.Log.Debug("signature hosts", "host", host.host, "error", err)
	}
}

func (s *Service) putSignatureHost(tx *store.Tx, h store.SignatureHost) error {
	tx.AfterCommit(func() { s.signatureHosts.put(h) })
	return tx.PutSignatureHost(h)
}

// noteImplements remembers what an actor's document says of its software
// (FEP-844e), in the transaction that stores the actor. What the host itself
// showed stands above it. A document that does not say so takes back what another
// of the host said: anybody may have written one of them.
func (s *Service) noteImplements(tx *store.Tx, doc *vocab.Object) error {
	says := slices.Contains(doc.Implements, object.ImplementsEd25519)
	for _, posts := range []bool{true, false} {
		if err := s.noteSays(tx, signatureHost{vocab.Host(doc.ID), posts}, says); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) noteSays(tx *store.Tx, host signatureHost, says bool) error {
	now := tx.Now()
	known, ok := s.signatureHosts.get(host, now)
	switch {
	case ok && known.Told:
	case says && (!ok || known.Until.Sub(now) < messagesFor/2):
		return s.putSignatureHost(tx, store.SignatureHost{Host: host.host, Posts: host.posts, Message: true, Until: now.Add(messagesFor)})
	case !says && ok && known.Message:
		tx.AfterCommit(func() { s.signatureHosts.forget(host) })
		return tx.ForgetSignatureHost(host.host, host.posts)
	}
	return nil
}

// askSigned makes a request that try signs, by RFC 9421 if message is set, as its
// host takes it: a POST or a GET, since each may have another verifier. When the host answers that it could not verify that, it is made
// once more in the other way, unless the host is known to refuse it.
func (s *Service) askSigned(ctx context.Context, url string, posts, canMessage bool, try func(message bool) (*outgoing.Response, error)) (*outgoing.Response, error) {
	s.readSignatureHosts(ctx)
	host := signatureHost{vocab.Host(url), posts}
	known, ok := s.signatureHosts.get(host, s.Store.Now())
	message := ok && known.Message && canMessage
	first, err := try(message)
	if err != nil {
		return nil, err
	}
	if !couldNotVerify(first.Status) {
		s.noteAccepted(ctx, first, posts)
		return first, nil
	}
	if !canMessage || ok && !known.Message {
		return first, nil
	}
	// Where a redirect led elsewhere, another host has answered, to a request
	// without a signature: that shows nothing of this one, and a stranger may have
	// chosen where it leads.
	if vocab.Host(first.URL) != host.host {
		return first, nil
	}
	second, err := try(!message)
	if errors.Is(err, outgoing.ErrTooLarge) {
		return nil, err // it was answered, and may have been taken: the first answer is not its last word
	}
	if err != nil {
		return first, nil
	}
	switch own := vocab.Host(second.URL) == host.host; {
	case second.Status < 300 && !own:
		return second, nil
	case second.Status < 300:
		// What it took is what it takes.
		if message {
			s.learn(ctx, host, false, refusedFor)
		} else {
			s.learn(ctx, host, true, messagesFor)
		}
		return second, nil
	case couldNotVerify(second.Status) && !message && own:
		s.learn(ctx, host, false, neitherFor)
	}
	// A 401 may be about a key that could not be fetched just now: it is tried
	// again later, whatever the other answer was.
	if first.Status == http.StatusBadRequest {
		return second, nil
	}
	return first, nil
}

// couldNotVerify reports whether an answer may mean that the signature was not
// understood.
func couldNotVerify(status int) bool {
	return status == http.StatusBadRequest || status == http.StatusUnauthorized
}

// noteAccepted remembers a host whose answer asks for signatures of RFC 9421,
// unless it showed something else.
func (s *Service) noteAccepted(ctx context.Context, resp *outgoing.Response, posts bool) {
	if resp.Header.Get("Accept-Signature") == "" {
		return
	}
	host := signatureHost{vocab.Host(resp.URL), posts}
	known, ok := s.signatureHosts.get(host, s.Store.Now())
	if (!ok || !known.Told) && signature.AcceptsEd25519(resp.Header) {
		s.learn(ctx, host, true, messagesFor)
	}
}
