package ap

import (
	"context"

	"kinglet/ap/activity"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// fetchQuoted fetches a status that something here quotes, unless that was
// deleted or found it meanwhile. What it answers is not fetched with it: nobody
// reads that thread yet.
func (s *Service) fetchQuoted(ctx context.Context, args activity.QuoteArgs) error {
	ctx, err := s.causedBy(ctx, args.Cause)
	if err != nil {
		return err
	}
	waits := false
	if err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		waits, err = tx.IsQuoted(args.URI)
		return err
	}); err != nil || !waits {
		return err
	}
	out, err := s.takeQuoted(ctx, args)
	if fault.Is(err, fault.Gone) {
		return s.Store.Update(ctx, func(tx *store.Tx) error { return tx.QuotedIsGone(args.URI) })
	}
	return s.fetchOutcome("quote", args.URI, out, err)
}

// takeQuoted fetches a quoted status and records where it was found: the address
// may be that of its page.
func (s *Service) takeQuoted(ctx context.Context, args activity.QuoteArgs) (none activity.Outcome, err error) {
	doc, err := s.document(ctx, args.URI)
	if err != nil {
		return none, err
	}
	a, err := s.fetchedCreate(ctx, doc)
	if err != nil {
		return none, err
	}
	a.Depth, a.Quotes = s.Config.Threads.MaxAncestors, args.Quotes
	out, err := s.process(ctx, a)
	if err != nil || out.Object == 0 {
		return out, err
	}
	return out, s.Store.Update(ctx, func(tx *store.Tx) error {
		quoted, err := tx.Object(out.Object)
		if err != nil {
			return err
		}
		if err := tx.QuotedAt(args.URI, quoted); err != nil {
			return err
		}
		return activity.AskConsents(tx, quoted)
	})
}

// verifyConsent fetches the consent of the author whom a status quotes. It counts
// if it is of the origin of what is quoted and of its author, and about these two
// posts.
func (s *Service) verifyConsent(ctx context.Context, args activity.QuoteConsentArgs) error {
	ctx, err := s.causedBy(ctx, args.Cause)
	if err != nil {
		return err
	}
	var quoting, quoted *store.Object
	var author *store.Account
	err = s.Store.View(ctx, func(tx *store.Tx) (err error) {
		if quoting, err = tx.Object(args.Status); err != nil {
			return err
		}
		if quoted, err = tx.Object(quoting.QuoteID); err != nil {
			return err
		}
		author, err = tx.Account(quoted.AccountID)
		return err
	})
	if fault.Is(err, fault.NotFound) || err == nil && (quoting.QuoteStamp != args.Stamp || quoting.QuoteState != "" || !quoting.DeletedAt.IsZero()) {
		return nil // deleted or edited meanwhile
	}
	if err != nil {
		return err
	}
	if err := s.fetchConsent(ctx, args.Stamp, vocab.Authorization{
		Type: "QuoteAuthorization", Author: author.URI, Interacting: quoting.URI, Target: quoted.URI,
	}); err != nil {
		return s.fetchOutcome("quote_consent", args.Stamp, activity.Outcome{}, err)
	}
	return s.Store.Update(ctx, func(tx *store.Tx) error { return tx.AcceptQuote(quoting.ID, quoted.ID, args.Stamp) })
}

// fetchConsent fetches an authorization; an error unless it says what is
// wanted, and its author's own origin says so.
func (s *Service) fetchConsent(ctx context.Context, stamp string, want vocab.Authorization) error {
	if !vocab.SameOrigin(stamp, want.Author) {
		return fault.Errorf(fault.Forbidden, "the consent %s has another origin than %s", stamp, want.Author)
	}
	doc, err := s.document(ctx, stamp)
	if err != nil {
		return err
	}
	if doc.ID != stamp {
		return fault.Errorf(fault.Invalid, "the consent at %s says that its id is %s", stamp, doc.ID)
	}
	if got, ok := vocab.AuthorizationOf(doc); !ok || got != want {
		return fault.Errorf(fault.Forbidden, "%s is no %s of %s for %s in %s", stamp, want.Type, want.Author, want.Target, want.Interacting)
	}
	return nil
}
