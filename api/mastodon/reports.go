package mastodon

import (
	"slices"
	"strconv"

	"kinglet/ap"
	"kinglet/api/respond"
	"kinglet/store"
)

// Report is Mastodon's Report entity.
type Report struct {
	ID            string   `json:"id"`
	ActionTaken   bool     `json:"action_taken"`
	ActionTakenAt *string  `json:"action_taken_at"`
	Category      string   `json:"category"`
	Comment       string   `json:"comment"`
	Forwarded     bool     `json:"forwarded"`
	CreatedAt     string   `json:"created_at"`
	StatusIDs     []string `json:"status_ids"`
	RuleIDs       []string `json:"rule_ids"`
	TargetAccount *Account `json:"target_account"`
}

// Report serializes a report of an account.
func (s Serializer) Report(r *store.Report, target *store.Account) *Report {
	e := &Report{
		ID: strconv.FormatInt(r.ID, 10), Category: r.Category, Comment: r.Comment, Forwarded: r.Forwarded, CreatedAt: formatTime(r.CreatedAt),
		StatusIDs: []string{}, RuleIDs: []string{}, TargetAccount: s.Account(target),
	}
	for _, id := range r.StatusIDs {
		e.StatusIDs = append(e.StatusIDs, id.String())
	}
	if !r.ResolvedAt.IsZero() {
		at := formatTime(r.ResolvedAt)
		e.ActionTaken, e.ActionTakenAt = true, &at
	}
	return e
}

// reportCategories are Mastodon's. There are no rules here that a report could
// name.
var reportCategories = []string{"spam", "legal", "violation", "other"}

// maxReported limits the posts of a report.
const maxReported = 50

func (c *call) report() (any, error) {
	target, ok := store.ParseID(c.params.String("account_id"))
	if !ok {
		return nil, respond.NotFound
	}
	q := ap.ReportRequest{
		Target: store.AccountID(target), Comment: c.params.String("comment"), Category: c.params.String("category"), Forward: c.params.True("forward"),
	}
	if len(c.params.Strings("rule_ids")) > 0 {
		q.Category = "violation"
	}
	if !slices.Contains(reportCategories, q.Category) {
		q.Category = "other"
	}
	for _, s := range c.params.Strings("status_ids") {
		if id, ok := store.ParseID(s); ok && len(q.Statuses) < maxReported {
			q.Statuses = append(q.Statuses, store.ObjectID(id))
		}
	}
	r, err := c.api.Service.Report(c.ctx, c.viewer, q)
	if err != nil {
		return nil, err
	}
	return show(c, func(a *store.Account) *Report { return c.serializer().Report(r, a) }, func(tx *store.Tx) (*store.Account, error) {
		return tx.Account(q.Target)
	})
}
