package ap

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"kinglet/ap/activity"
	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/internal/outgoing"
	"kinglet/store"
)

// visitOpened fetches a post again that is known here and was opened: for where
// its replies are, and its totals.
func (s *Service) visitOpened(ctx context.Context, v *visit) error {
	known, err := s.knownStatus(ctx, v.page.URI)
	if err != nil || known == nil {
		return err
	}
	doc, err := s.documentOf(ctx, known)
	if err != nil {
		return err
	}
	s.readTotals(v, known.ID, doc, true)
	s.nameReplies(v, doc, true)
	return nil
}

// documentOf fetches the document of a status that is known here: its own, by the
// same author.
func (s *Service) documentOf(ctx context.Context, known *store.Object) (*vocab.Object, error) {
	doc, err := s.document(ctx, known.URI)
	if err != nil {
		return nil, err
	}
	if doc.ID != known.URI || !object.IsStatus(doc.Type) {
		return nil, fault.Errorf(fault.Invalid, "%s resolves to %s of type %q", known.URI, doc.ID, doc.Type)
	}
	var author *store.Account
	if err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		author, err = tx.Account(known.AccountID)
		return err
	}); err != nil {
		return nil, err
	}
	if doc.Author() != author.URI {
		return nil, fault.Errorf(fault.Invalid, "the author of %s is another now", known.URI)
	}
	return doc, nil
}

// readTotals reads how often a post was favourited and boosted, as its origin
// says; where it only names the collections, they are asked when ask is set.
func (s *Service) readTotals(v *visit, id store.ObjectID, doc *vocab.Object, ask bool) {
	likes, shares := activity.TotalOf(doc, "likes"), activity.TotalOf(doc, "shares")
	if likes.Known || shares.Known {
		v.totals = func(tx *store.Tx) error { return tx.PutStatusTotals(id, likes, shares) }
	}
	for _, c := range []struct {
		role, term string
		known      bool
	}{{activity.CrawlLikes, "likes", likes.Known}, {activity.CrawlShares, "shares", shares.Known}} {
		if uri := doc.Linked(c.term).ID; ask && !c.known && vocab.SameOrigin(uri, doc.ID) {
			v.add = append(v.add, activity.CrawlPage(c.role, uri, 0, id))
		}
	}
}

// visitStatusTotal reads the size of a collection of likes or boosts.
func (s *Service) visitStatusTotal(ctx context.Context, v *visit) error {
	p, err := s.collection(ctx, v.page.URI)
	if err != nil {
		return err
	}
	likes, shares := p.total, store.OriginTotal{}
	if v.page.Role == activity.CrawlShares {
		likes, shares = shares, likes
	}
	v.totals = func(tx *store.Tx) error { return tx.PutStatusTotals(v.page.About, likes, shares) }
	return nil
}

// nameReplies adds where the replies to a post are listed: its context (FEP-7888,
// FEP-f228) and its public API for one that was opened, and its replies, unless
// the context has listed all. A collection counts only on the post's own host.
func (s *Service) nameReplies(v *visit, doc *vocab.Object, opened bool) {
	if opened {
		if strings.HasPrefix(doc.Context, "https://") && vocab.SameOrigin(doc.Context, doc.ID) {
			v.name(activity.CrawlContext, doc.Context, 0)
		}
		if api := threadAPI(doc); api != "" {
			v.name(activity.CrawlAPI, api, 0)
		}
	}
	if v.crawl.Listed && !opened {
		return
	}
	ref := doc.Linked("replies")
	if ref.Object == nil {
		if vocab.SameOrigin(ref.ID, doc.ID) {
			v.name(activity.CrawlReplies, ref.ID, 0)
		}
		return
	}
	p, err := readCollection(ref.Object, doc.ID)
	if err != nil {
		return
	}
	s.nameItems(v, p, activity.CrawlReplies)
	if p.next == "" && len(p.items) == 0 && ref.ID != "" && vocab.SameOrigin(ref.ID, doc.ID) && (!p.total.Known || p.total.N > 0) {
		v.name(activity.CrawlReplies, ref.ID, 0)
	}
}

// nameItems adds the items of a page of a collection, and the next page.
func (s *Service) nameItems(v *visit, p *collectionPage, role string) {
	for _, item := range p.items {
		if item.ID != "" && !s.Config.IsOwn(item.ID) {
			v.name(activity.CrawlReply, item.ID, 0)
		}
	}
	if p.next != "" {
		v.name(role, p.next, 0)
	}
}

// visitReplies reads a page of a context or of replies.
func (s *Service) visitReplies(ctx context.Context, v *visit) error {
	p, err := s.collection(ctx, v.page.URI)
	if err != nil {
		return err
	}
	v.listed = v.page.Role == activity.CrawlContext && len(p.items) > 0
	s.nameItems(v, p, v.page.Role)
	return nil
}

// visitReply fetches a post that was listed as one of the thread, and where its
// own replies are. It has to answer something that is known here or listed too:
// collections may name what they like.
func (s *Service) visitReply(ctx context.Context, v *visit) error {
	known, err := s.knownStatus(ctx, v.page.URI)
	if err != nil {
		return err
	}
	if known != nil {
		if v.crawl.Listed || known.Local || known.Visibility > store.Unlisted || known.ReblogOfID != 0 {
			return nil
		}
		doc, err := s.documentOf(ctx, known)
		if err != nil {
			return err
		}
		s.readTotals(v, known.ID, doc, false)
		s.nameReplies(v, doc, false)
		return nil
	}
	doc, err := s.document(ctx, v.page.URI)
	if err != nil {
		return err
	}
	if known, err = s.knownStatus(ctx, doc.ID); err != nil || known != nil {
		return err
	}
	if ok, err := s.isOfThread(ctx, v.crawl, doc); err != nil || !ok {
		if err == nil {
			err = fault.Errorf(fault.Invalid, "%s replies to nothing of the thread", doc.ID)
		}
		return err
	}
	if _, err := s.takePublic(ctx, v, doc); err != nil {
		return err
	}
	s.nameReplies(v, doc, false)
	return nil
}

// isOfThread reports whether a post answers one that is known here, or that is
// listed as one of the thread.
func (s *Service) isOfThread(ctx context.Context, c *store.Crawl, doc *vocab.Object) (ok bool, err error) {
	parent := doc.InReplyTo.ID
	if parent == "" {
		return false, nil
	}
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		known, err := tx.ObjectByURI(parent)
		if err == nil {
			ok = known.IsStatus && known.DeletedAt.IsZero()
			return nil
		}
		if !fault.Is(err, fault.NotFound) {
			return err
		}
		ok, err = tx.HasCrawlPage(c.ID, parent)
		return err
	})
	return ok, err
}

// visitAncestor fetches the post above the first one of a thread, and goes on
// above that.
func (s *Service) visitAncestor(ctx context.Context, v *visit) error {
	known, err := s.knownStatus(ctx, v.page.URI)
	if err != nil {
		return err
	}
	if known == nil {
		doc, err := s.document(ctx, v.page.URI)
		if err != nil {
			return err
		}
		id, err := s.takePublic(ctx, v, doc)
		if err != nil {
			return err
		}
		s.nameReplies(v, doc, true)
		if err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
			known, err = tx.Object(id)
			return err
		}); err != nil {
			return err
		}
	}
	if known.InReplyToID == 0 && known.InReplyToURI != "" && !s.Config.IsOwn(known.InReplyToURI) && v.page.Depth < s.Config.Threads.MaxAncestors {
		v.name(activity.CrawlAncestor, known.InReplyToURI, v.page.Depth+1)
	}
	return nil
}

// threadAPI is where the public Mastodon API of a post's host lists its thread, if
// the post's address has the form that its id has there; "" for none.
func threadAPI(doc *vocab.Object) string {
	addresses := []string{doc.ID}
	for _, l := range doc.URL {
		addresses = append(addresses, l.Href)
	}
	for _, address := range addresses {
		u, err := vocab.ParseURI(address)
		if err != nil || u.RawQuery != "" || !vocab.SameOrigin(address, doc.ID) {
			continue
		}
		if id := apiID(u); id != "" {
			return u.Scheme + "://" + u.Host + "/api/v1/statuses/" + id + "/context"
		}
	}
	return ""
}

// apiID is the id in the address of a status, /users/name/statuses/1, /@name/1 or
// /notice/1, as Mastodon, GoToSocial, Pleroma and their like have them.
func apiID(u *url.URL) string {
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(parts) < 2 {
		return ""
	}
	before, id := parts[len(parts)-2], parts[len(parts)-1]
	if before != "statuses" && before != "notice" && (!strings.HasPrefix(before, "@") || len(parts) != 2) || !isPlainID(id) {
		return ""
	}
	return id
}

// isPlainID reports whether an id consists of a few letters and digits.
func isPlainID(id string) bool {
	return id != "" && len(id) <= 64 && !strings.ContainsFunc(id, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// visitThreadAPI asks the public API of the origin for the thread, where no
// context has listed it. Only the ids that it names are read.
func (s *Service) visitThreadAPI(ctx context.Context, v *visit) error {
	if v.crawl.Listed {
		return nil
	}
	var answer struct {
		Descendants []apiStatus `json:"descendants"`
	}
	if err := s.apiGet(ctx, v.page.URI, &answer); err != nil {
		return err
	}
	for _, st := range answer.Descendants {
		if !s.Config.IsOwn(st.URI) {
			v.name(activity.CrawlReply, st.URI, 0)
		}
	}
	return nil
}

// apiStatus is all that is read of a status of another server's API.
type apiStatus struct {
	URI string `json:"uri"`
}

// apiGet asks another server's public API, without a signature. Nothing of the
// answer is stored.
func (s *Service) apiGet(ctx context.Context, uri string, answer any) error {
	resp, err := s.get(ctx, outgoing.Request{URL: uri, Accept: "application/json"})
	if err != nil {
		return fetchError(uri, err)
	}
	if err := s.statusError(uri, resp); err != nil {
		return err
	}
	if !vocab.SameOrigin(uri, resp.URL) {
		return fault.Errorf(fault.Invalid, "%s leads to another host", uri)
	}
	if err := json.Unmarshal(resp.Body, answer); err != nil {
		return fault.Errorf(fault.Invalid, "%s: not JSON of the form that is wanted", uri)
	}
	return nil
}
