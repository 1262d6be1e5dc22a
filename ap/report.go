package ap

import (
	"context"
	"fmt"

	"kinglet/ap/activity"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/internal/jobs"
	"kinglet/store"
)

// ReportRequest is a report by an account here.
type ReportRequest struct {
	Target   store.AccountID
	Statuses []store.ObjectID // of the target; others are left out
	Comment  string
	Category string
	Forward  bool // to the server of the target, if it has another
}

// maxReportComment is Mastodon's.
const maxReportComment = 1000

// Report keeps a report for the admins here and, if that is asked for, forwards
// it to the server of who is reported.
func (s *Service) Report(ctx context.Context, account store.AccountID, q ReportRequest) (*store.Report, error) {
	if len([]rune(q.Comment)) > maxReportComment || !store.ValidText(q.Comment) {
		return nil, fault.Errorf(fault.Invalid, "Validation failed: Comment is too long (maximum is %d characters)", maxReportComment)
	}
	if _, _, err := s.pair(ctx, account, q.Target); err != nil {
		return nil, err
	}
	return store.Write(ctx, s.Store, func(tx *store.Tx) (*store.Report, error) {
		target, err := tx.Account(q.Target)
		if err != nil {
			return nil, err
		}
		seen, err := tx.Statuses(account, q.Statuses)
		if err != nil {
			return nil, err
		}
		r := &store.Report{
			URI: s.Config.ActivityURI(newUUID()), AccountID: account, TargetID: target.ID, Category: q.Category, Comment: q.Comment,
			Forwarded: q.Forward && !target.Local(),
		}
		for _, st := range seen {
			if st.AccountID == target.ID && st.ReblogOfID == 0 {
				r.StatusIDs = append(r.StatusIDs, st.ID)
			}
		}
		if err := activity.PutReport(tx, r); err != nil || !r.Forwarded {
			return r, err
		}
		return r, activity.ReportJob.Enqueue(tx, activity.ReportArgs{Report: r.ID, Inbox: target.Inbox})
	})
}

// forwardReport sends the Flag of a report, as the actor of this server.
func (s *Service) forwardReport(ctx context.Context, args activity.ReportArgs) error {
	var doc []byte
	err := s.Store.View(ctx, func(tx *store.Tx) error {
		r, err := tx.Report(args.Report)
		if err != nil {
			return err
		}
		target, err := tx.Account(r.TargetID)
		if err != nil {
			return err
		}
		uris, err := tx.URIs(r.StatusIDs)
		if err == nil && target.Active() {
			doc = vocab.Encode(activity.FlagDraft(s.Config.InstanceActorURI(), r, target, uris))
		}
		return err
	})
	if fault.Is(err, fault.NotFound) || err == nil && doc == nil {
		return nil // it is gone meanwhile
	}
	if err != nil {
		return err
	}
	if not := s.refusedHost(args.Inbox); not != "" {
		return jobs.Permanent(fmt.Errorf("%s", not))
	}
	return s.post(ctx, args.Inbox, doc, s.instanceSigner(), "")
}
