package ap

import (
	"context"

	"kinglet/ap/activity"
	"kinglet/internal/fault"
	"kinglet/store"
)

// resolveMentions fetches accounts that a status mentions and that were not
// known when it arrived.
func (s *Service) resolveMentions(ctx context.Context, args activity.MentionsArgs) error {
	if exists, err := s.statusExists(ctx, args.Status); err != nil || !exists {
		return err
	}
	ctx, err := s.causedBy(ctx, args.Cause)
	if err != nil {
		return err
	}
	var later error // a limit, or a host that does not answer: not the mentioned's fault
	for _, uri := range args.URIs {
		account, err := s.actor(ctx, uri)
		if isBusy(err) {
			later = err
			break
		}
		if fault.Is(err, fault.Unavailable) {
			later = err
		}
		if err != nil {
			s.Log.Debug("could not fetch mentioned account", "uri", uri, "error", err)
			continue
		}
		if err := s.Store.Update(ctx, func(tx *store.Tx) error { return tx.AddMention(args.Status, account.ID) }); err != nil {
			return err
		}
	}
	return later
}
