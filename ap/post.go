package ap

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"kinglet/ap/activity"
	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/internal/markup"
	"kinglet/store"

	"github.com/google/uuid"
)

// PostRequest is a status that an account here writes.
type PostRequest struct {
	Text, SpoilerText string
	Visibility        store.Visibility
	Sensitive         bool
	Language          string // ISO 639, "" for the account's
	InReplyTo         store.ObjectID
	Poll              *PollRequest // nil for none
	Quote             store.ObjectID
	QuotePolicy       string        // who may quote it: QuotePolicies; "" for everyone
	Policy            *store.Policy // who may answer, like and boost it; nil for all who see it
	ApplicationID     int64
	IdempotencyKey    string
}

// maxIdempotencyKey is the longest key, in bytes; most are UUIDs.
const maxIdempotencyKey = 255

// Post publishes a status and returns its id; with an IdempotencyKey that was
// used in the last hour, the id it returned then. Invalid errors say what is
// wrong in Mastodon's words; NotFound is a reply to a status that the author
// can't see.
func (s *Service) Post(ctx context.Context, author store.AccountID, p PostRequest) (store.ObjectID, error) {
	if err := s.validText(p.Text, p.SpoilerText); err != nil {
		return 0, err
	}
	if len(p.IdempotencyKey) > maxIdempotencyKey || !store.ValidText(p.IdempotencyKey) {
		return 0, fault.Errorf(fault.Invalid, "Validation failed: Idempotency-Key is too long or not text")
	}
	if p.Poll != nil {
		if err := p.Poll.valid(); err != nil {
			return 0, err
		}
	}
	if !validQuotePolicy(p.QuotePolicy) {
		return 0, errQuotePolicy
	}
	d, err := s.draftPost(ctx, author, p.Text)
	if err != nil {
		return 0, err
	}
	d.note.ID = s.Config.ObjectURI(newUUID())
	d.note.Published = s.Store.Now()
	d.note.Context = s.Config.ContextURI(newUUID())
	d.setText(p.Text, p.SpoilerText, p.Sensitive, p.Language)
	d.setPoll(p.Poll, d.note.Published)
	if p.InReplyTo != 0 {
		if err := s.answer(ctx, d, p.InReplyTo); err != nil {
			return 0, err
		}
	}
	if p.Quote != 0 {
		if err := s.quote(ctx, d, &p); err != nil {
			return 0, err
		}
	}
	d.note.To, d.note.Cc = activity.Addressing(d.author, p.Visibility, d.mentioned)
	s.addressQuoted(d, p.Visibility)
	s.setQuotePolicy(d, p.QuotePolicy, p.Visibility, p.Policy)
	s.addressCommunity(ctx, d, p.Visibility)
	return s.publishPost(ctx, d, p)
}

// maxPostIDs is how many ids are tried for a post: another node may have used
// the same one in the same millisecond.
const maxPostIDs = 5

// publishPost gives a post its id, which is part of the URL of its page, and
// publishes it.
func (s *Service) publishPost(ctx context.Context, d *post, p PostRequest) (store.ObjectID, error) {
	for i := 1; ; i++ {
		id := s.Store.NewID(d.note.Published)
		d.note.URL = []vocab.Link{{Href: s.Config.StatusURL(d.author.Username, id)}}
		out, err := s.local(ctx, d.author, d.activity(s, "Create"), activity.Command{
			Status: store.ObjectID(id), ApplicationID: p.ApplicationID, IdempotencyKey: p.IdempotencyKey,
			HideTotals: p.Poll != nil && p.Poll.HideTotals,
		})
		if i == maxPostIDs || !errors.Is(err, store.ErrIDTaken) {
			return out.Object, err
		}
	}
}

// EditRequest is the new text of a status.
type EditRequest struct {
	Text, SpoilerText string
	Sensitive         bool
	Language          string
	Poll              *PollRequest // nil for none any more
	QuotePolicy       string       // "" for what it was
}

// EditPost changes a status that author wrote. Who may see it stays the same.
func (s *Service) EditPost(ctx context.Context, author store.AccountID, id store.ObjectID, e EditRequest) error {
	if err := s.validText(e.Text, e.SpoilerText); err != nil {
		return err
	}
	if e.Poll != nil {
		if err := e.Poll.valid(); err != nil {
			return err
		}
	}
	if !validQuotePolicy(e.QuotePolicy) {
		return errQuotePolicy
	}
	o, draft, err := s.ownPost(ctx, author, id)
	if err != nil {
		return err
	}
	d, err := s.draftPost(ctx, author, e.Text)
	if err != nil {
		return err
	}
	d.note.ID, d.note.URL, d.note.Context, d.note.InReplyTo.ID = o.URI, []vocab.Link{{Href: o.URL}}, o.Context, o.InReplyToURI
	d.note.Published, d.note.Updated = o.PublishedAt, s.Store.Now()
	community, err := store.Read(ctx, s.Store, func(tx *store.Tx) (string, error) { return tx.Community(id) })
	if err != nil {
		return err
	}
	d.note.Audience = object.Audience(community)
	d.setText(e.Text, e.SpoilerText, e.Sensitive, e.Language)
	d.setPoll(e.Poll, d.note.Updated)
	d.note.Quote, d.note.QuoteAuthorization = o.QuoteURI, o.QuoteStamp
	d.note.InteractionPolicy = object.WritePolicy(s.Config, d.author.URI, o.Policy)
	if e.QuotePolicy != "" {
		s.setQuotePolicy(d, e.QuotePolicy, o.Visibility, o.Policy)
	}
	if d.note.To, d.note.Cc = draft.To, draft.Cc; len(draft.To)+len(draft.Cc) == 0 {
		// An old one, whose document the migration could not read.
		d.note.To, d.note.Cc = activity.Addressing(d.author, o.Visibility, nil)
	}
	for _, m := range d.mentioned { // those newly mentioned get it as well
		if !slices.Contains(d.note.To, m.URI) && !slices.Contains(d.note.Cc, m.URI) {
			d.note.Cc = append(d.note.Cc, m.URI)
		}
	}
	_, err = s.local(ctx, d.author, d.activity(s, "Update"), activity.Command{HideTotals: e.Poll != nil && e.Poll.HideTotals})
	return err
}

// PostSource returns the text and the content warning of the author's own
// status as they were typed.
func (s *Service) PostSource(ctx context.Context, author store.AccountID, id store.ObjectID) (text, spoiler string, err error) {
	o, draft, err := s.ownPost(ctx, author, id)
	if err != nil {
		return "", "", err
	}
	if draft.Source != "" {
		return draft.Source, o.SpoilerText, nil
	}
	return markup.PlainText(o.Content), o.SpoilerText, nil
}

// DeletePost deletes a status that author wrote. Its attachments are kept for a
// day, for a new version of the post, if keepAttachments is true.
func (s *Service) DeletePost(ctx context.Context, author store.AccountID, id store.ObjectID, keepAttachments bool) error {
	var o *store.Object
	var account *store.Account
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		if account, err = tx.Account(author); err != nil {
			return err
		}
		o, err = tx.Object(id)
		return err
	})
	if err != nil {
		return err
	}
	if o.AccountID != author || !o.DeletedAt.IsZero() || !o.IsStatus {
		return fault.Errorf(fault.NotFound, "status %s does not belong to the account", id)
	}
	if o.ReblogOfID != 0 {
		return s.Unboost(ctx, author, o.ReblogOfID)
	}
	to, cc := activity.Addressing(account, o.Visibility, nil)
	tombstone := object.TombstoneDraft(o.URI, o.Type, s.Store.Now())
	_, err = s.local(ctx, account, s.draft(account, "Delete", embed(tombstone), to, cc), activity.Command{KeepAttachments: keepAttachments})
	return err
}

// ownPost reads a note that author wrote here, and what it was made from.
func (s *Service) ownPost(ctx context.Context, author store.AccountID, id store.ObjectID) (o *store.Object, draft store.Draft, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		if o, err = tx.Object(id); err != nil {
			return err
		}
		draft, err = tx.Draft(id)
		return err
	})
	if err != nil {
		return nil, draft, err
	}
	if o.AccountID != author || !o.IsStatus || o.ReblogOfID != 0 || !o.DeletedAt.IsZero() {
		return nil, draft, fault.Errorf(fault.NotFound, "status %s does not belong to the account", id)
	}
	return o, draft, nil
}

func (s *Service) validText(text, spoiler string) error {
	if strings.TrimSpace(text) == "" {
		return fault.Errorf(fault.Invalid, "Validation failed: Text can't be blank")
	}
	if most := s.Config.MaxPostCharacters; markup.Length(text)+markup.Length(spoiler) > most {
		return fault.Errorf(fault.Invalid, "Validation failed: Text character limit of %d exceeded", most)
	}
	return nil
}

// post is a note that is being written.
type post struct {
	author    *store.Account
	user      *store.User
	mentioned []*store.Account // in the order of the text
	handles   map[string]*store.Account
	community string // of what it replies to
	quoted    *store.Account
	note      vocab.Object
	tagURL    func(string) string
}

// maxMentions bounds how many accounts a post here may mention.
const maxMentions = 50

// draftPost starts a note: it finds the accounts that the text mentions,
// fetching those that are not known here. A mention that can't be resolved
// stays text.
func (s *Service) draftPost(ctx context.Context, author store.AccountID, text string) (*post, error) {
	d := &post{note: vocab.Object{Type: "Note"}, handles: map[string]*store.Account{}, tagURL: s.Config.TagURL}
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		if d.author, err = tx.Account(author); err != nil {
			return err
		}
		d.user, err = tx.User(author)
		return err
	})
	if err != nil {
		return nil, err
	}
	scanned := markup.Scan(text)
	if len(scanned.Mentions) > maxMentions {
		return nil, fault.Errorf(fault.Invalid, "Validation failed: A post can mention at most %d accounts", maxMentions)
	}
	lookups, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var ids []store.AccountID
	byHandle := map[string]store.AccountID{}
	for _, h := range scanned.Mentions {
		if id, err := s.ResolveHandle(lookups, h); err == nil {
			ids = append(ids, id)
			byHandle[strings.ToLower(h)] = id
		}
	}
	var accounts map[store.AccountID]*store.Account
	if len(ids) > 0 {
		if err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
			accounts, err = tx.Accounts(ids)
			return err
		}); err != nil {
			return nil, err
		}
	}
	seen := map[store.AccountID]bool{}
	for h, id := range byHandle {
		d.handles[h] = accounts[id]
	}
	for _, id := range ids {
		if a := accounts[id]; a != nil && !seen[id] {
			seen[id] = true
			d.mentioned = append(d.mentioned, a)
			d.note.Tag = append(d.note.Tag, vocab.Tag{Type: "Mention", Href: a.URI, Name: "@" + s.fullHandle(a)})
		}
	}
	for _, t := range scanned.Hashtags {
		d.note.Tag = append(d.note.Tag, vocab.Tag{Type: "Hashtag", Href: s.Config.TagURL(t), Name: "#" + t})
	}
	return d, nil
}

// fullHandle is name@domain of any account, local or remote.
func (s *Service) fullHandle(a *store.Account) string {
	if a.Local() {
		return s.Config.Handle(a.Username)
	}
	return a.Acct()
}

func (d *post) setText(text, spoiler string, sensitive bool, language string) {
	d.note.AttributedTo = []vocab.Ref{{ID: d.author.URI}}
	d.note.Content = markup.Render(text, markup.Options{
		Mention: func(handle string) (markup.Target, bool) {
			a := d.handles[strings.ToLower(handle)]
			if a == nil {
				return markup.Target{}, false
			}
			return markup.Target{URL: a.URL, Username: a.Username}, true
		},
		HashtagURL: d.tagURL,
	})
	d.note.Source = vocab.Source{Content: text, MediaType: "text/plain"}
	d.note.Summary = markup.EscapeText(spoiler)
	d.note.Sensitive = sensitive || spoiler != ""
	if d.note.Language = vocab.LanguageTag(language); language == "" {
		d.note.Language = vocab.LanguageTag(d.user.DefaultLanguage)
	}
}

// answer makes the draft a reply to a status that its author can see.
func (s *Service) answer(ctx context.Context, d *post, parent store.ObjectID) error {
	return s.Store.View(ctx, func(tx *store.Tx) error {
		st, err := tx.Status(d.author.ID, parent)
		if err != nil {
			return err
		}
		if st.Reblog != nil {
			st = st.Reblog
		}
		d.note.InReplyTo.ID = st.URI
		if st.Context != "" {
			d.note.Context = st.Context
		}
		d.community, err = tx.Community(st.ID)
		return err
	})
}

// activity wraps the note as it will be published.
func (d *post) activity(s *Service, typ string) *vocab.Object {
	note := d.note
	wrapped := s.draft(d.author, typ, embed(&note), note.To, note.Cc)
	wrapped.Audience = note.Audience
	return wrapped
}

func newUUID() string { return uuid.NewString() }

// pair reads a local account and the other account of a command.
func (s *Service) pair(ctx context.Context, account, target store.AccountID) (actor, other *store.Account, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		both, err := tx.Accounts([]store.AccountID{account, target})
		actor, other = both[account], both[target]
		return err
	})
	if err == nil && (actor == nil || other == nil || !other.Active()) {
		err = fault.Errorf(fault.NotFound, "account %s not found", target)
	}
	return actor, other, err
}
