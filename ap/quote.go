package ap

import (
	"context"

	"kinglet/ap/activity"
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
	a.Depth, a.Quotes = activity.MaxThreadDepth, args.Quotes
	out, err := s.process(ctx, a)
	if err != nil || out.Object == 0 {
		return out, err
	}
	return out, s.Store.Update(ctx, func(tx *store.Tx) error {
		quoted, err := tx.Object(out.Object)
		if err != nil {
			return err
		}
		return tx.QuotedAt(args.URI, quoted)
	})
}
