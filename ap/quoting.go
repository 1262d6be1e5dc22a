package ap

import (
	"context"
	"slices"

	"kinglet/ap/activity"
	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// Quotes from here, and of posts from here.

// QuotePolicies are who may quote a post, by Mastodon's names.
var QuotePolicies = map[string]*store.Permission{
	"public":    {Automatic: []string{store.Everyone}},
	"followers": {Automatic: []string{store.Followers}},
	"nobody":    {},
}

var (
	errQuotePolicy = fault.Errorf(fault.Invalid, "Validation failed: Quote approval policy is not included in the list")
	errNotQuotable = fault.Errorf(fault.NotFound, "The post you are trying to quote does not appear to exist.")
)

func validQuotePolicy(name string) bool { return name == "" || QuotePolicies[name] != nil }

// setQuotePolicy has a draft say who may quote it. What is not public nobody
// quotes but its author.
func (s *Service) setQuotePolicy(d *post, name string, v store.Visibility, before *store.Policy) {
	if name == "" {
		name = "public"
	}
	if v > store.Unlisted {
		name = "nobody"
	}
	policy := store.Policy{}
	if before != nil {
		policy = *before
	}
	policy.Quote = QuotePolicies[name]
	d.note.InteractionPolicy = object.WritePolicy(s.Config, d.author.URI, &policy)
}

// quote makes the draft a quote of a status that its author can see and may quote.
// A quote of what is for followers is for followers too.
func (s *Service) quote(ctx context.Context, d *post, p *PostRequest) error {
	return s.Store.View(ctx, func(tx *store.Tx) error {
		st, err := tx.Status(d.author.ID, p.Quote)
		if fault.Is(err, fault.NotFound) {
			return errNotQuotable
		}
		if err != nil {
			return err
		}
		if st.Reblog != nil {
			st = st.Reblog
		}
		quoted, err := tx.Object(st.ID)
		if err != nil {
			return err
		}
		may, err := tx.MayInteract(store.QuoteOf, quoted, d.author)
		if err != nil {
			return err
		}
		if may == store.Denied || quoted.Visibility == store.Direct {
			return errNotQuotable
		}
		if quoted.Visibility == store.Private {
			p.Visibility = max(p.Visibility, store.Private)
		}
		if d.quoted, err = tx.Account(quoted.AccountID); err != nil {
			return err
		}
		if p.Visibility == store.Direct && d.quoted.ID != d.author.ID &&
			!slices.ContainsFunc(d.mentioned, func(a *store.Account) bool { return a.ID == d.quoted.ID }) {
			return fault.Errorf(fault.Invalid, "Validation failed: You cannot quote a non-mentioned user in a Private Mention post.")
		}
		d.note.Quote = quoted.URI
		return nil
	})
}

// addressQuoted has whom the draft quotes get it: who is asked for leave has to
// read what for.
func (s *Service) addressQuoted(d *post, v store.Visibility) {
	if q := d.quoted; q != nil && q.ID != d.author.ID && v != store.Direct && !slices.Contains(d.note.To, q.URI) && !slices.Contains(d.note.Cc, q.URI) {
		d.note.Cc = append(d.note.Cc, q.URI)
	}
}

// RevokeQuote takes back what an account here said, or what its policy says, of
// the quote of its status in another. NotFound unless that quotes it.
func (s *Service) RevokeQuote(ctx context.Context, author store.AccountID, status, quote store.ObjectID) error {
	var actor, who *store.Account
	var quoted *store.Object
	var known *store.Interaction
	err := s.Store.View(ctx, func(tx *store.Tx) error {
		if _, err := tx.Status(author, quote); err != nil {
			return err
		}
		quoting, err := tx.Object(quote)
		if err != nil {
			return err
		}
		if quoted, err = tx.Object(status); err != nil {
			return err
		}
		if quoting.QuoteID != status || quoted.AccountID != author || quoting.AccountID == author {
			return fault.Errorf(fault.NotFound, "status %s does not quote %s of the account", quote, status)
		}
		if actor, err = tx.Account(author); err != nil {
			return err
		}
		if who, err = tx.Account(quoting.AccountID); err != nil {
			return err
		}
		if known, err = tx.InteractionOf(who.ID, quoting.URI, store.QuoteOf, status); fault.Is(err, fault.NotFound) {
			known, err = &store.Interaction{
				Kind: store.QuoteOf, TargetID: status, AccountID: who.ID, StatusID: quote, URI: quoting.URI, State: quoting.QuoteState,
			}, nil
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.endInteraction(ctx, actor, who, quoted, known)
}

// endInteraction takes back an authorization, or refuses what has none.
func (s *Service) endInteraction(ctx context.Context, author, who *store.Account, status *store.Object, i *store.Interaction) error {
	if i.Stamp == "" {
		_, err := s.local(ctx, author, s.decision(author, who, status, i, "Reject"), activity.Command{Interaction: i})
		return err
	}
	to, cc := activity.Addressing(author, status.Visibility, nil)
	stamp := activity.AuthorizationDraft(author, status, i)
	_, err := s.local(ctx, author, s.draft(author, "Delete", embed(stamp), to, append(cc, who.URI)), activity.Command{})
	return err
}

func (s *Service) decision(author, who *store.Account, status *store.Object, i *store.Interaction, typ string) *vocab.Object {
	draft := activity.AnswerDraft(s.env, author, who, status, i, typ)
	draft.Published = s.Store.Now()
	return draft
}

// DecideInteraction has an account here accept or reject what somebody did, or
// asks to do, with a status of its own. NotFound unless that waits for it.
func (s *Service) DecideInteraction(ctx context.Context, author store.AccountID, id int64, accept bool) error {
	var actor, who *store.Account
	var status *store.Object
	var known *store.Interaction
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		if known, err = tx.Interaction(id); err != nil {
			return err
		}
		if status, err = tx.Object(known.TargetID); err != nil {
			return err
		}
		if status.AccountID != author || known.State != store.InteractionPending {
			return fault.Errorf(fault.NotFound, "interaction %d does not wait for the account", id)
		}
		if actor, err = tx.Account(author); err != nil {
			return err
		}
		who, err = tx.Account(known.AccountID)
		return err
	})
	if err != nil {
		return err
	}
	typ := "Reject"
	if accept {
		typ = "Accept"
	}
	_, err = s.local(ctx, actor, s.decision(actor, who, status, known, typ), activity.Command{Interaction: known})
	return err
}
