package mastodon

import (
	"slices"
	"strconv"

	"kinglet/api/params"
	"kinglet/api/respond"
	"kinglet/internal/fault"
	"kinglet/store"

	"github.com/go-chi/chi/v5"
)

// quotes lists the statuses that quote one, as far as its author agrees. Whose
// posts quote somebody is for everyone who sees it.
func (c *call) quotes() (any, error) {
	return c.timeline(func(tx *store.Tx, p store.Page) (list []*store.Status, end store.ObjectID, err error) {
		if _, err := tx.Status(c.viewer, c.statusID()); err != nil {
			return nil, 0, err
		}
		list, err = tx.Quotes(c.viewer, c.statusID(), p)
		return list, 0, err
	})
}

// revokeQuote takes one's own post out of another, which it answers with.
func (c *call) revokeQuote() (any, error) {
	id, ok := store.ParseID(chi.URLParam(c.r, "quote_id"))
	if !ok {
		return nil, respond.NotFound
	}
	if err := c.api.Service.RevokeQuote(c.ctx, c.viewer, c.statusID(), store.ObjectID(id)); err != nil {
		return nil, err
	}
	return c.showStatus(store.ObjectID(id))
}

// policyRequest reads who may answer, like and boost a status that is written, as
// clients of GoToSocial say it; nil where they say nothing.
func policyRequest(p *params.Params) *store.Policy {
	all, ok := p.Sub("interaction_policy")
	if !ok {
		return nil
	}
	read := func(name string) *store.Permission {
		part, ok := all.Sub(name)
		if !ok {
			return nil
		}
		return &store.Permission{
			Automatic: groupsOf(append(part.Strings("automatic_approval"), part.Strings("always")...)),
			Manual:    groupsOf(append(part.Strings("manual_approval"), part.Strings("with_approval")...)),
		}
	}
	return &store.Policy{Reply: read("can_reply"), Like: read("can_favourite"), Announce: read("can_reblog")}
}

// groupsOf are the groups that a client names. The author and those mentioned need
// no mention; others can't be named yet.
func groupsOf(names []string) (list []string) {
	for _, name := range names {
		if (name == store.Everyone || name == store.Followers || name == store.Following) && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// InteractionRequest is GoToSocial's entity of what waits for a decision.
type InteractionRequest struct {
	ID         string   `json:"id"`
	Type       string   `json:"type"` // favourite, reply, reblog; quote is ours
	CreatedAt  string   `json:"created_at"`
	Account    *Account `json:"account"`
	Status     *Status  `json:"status"`
	Reply      *Status  `json:"reply"`
	Quote      *Status  `json:"quote"`
	AcceptedAt *string  `json:"accepted_at"`
	RejectedAt *string  `json:"rejected_at"`
	URI        string   `json:"uri"`
}

var interactionNames = map[string]string{
	store.LikeOf: "favourite", store.ReplyTo: "reply", store.AnnounceOf: "reblog", store.QuoteOf: "quote",
}

// request is an interaction with what is shown of it.
type request struct {
	*store.Interaction
	account *store.Account
	status  *store.Status
	quote   *store.Status
}

func (s Serializer) interactionRequest(r request) *InteractionRequest {
	e := &InteractionRequest{
		ID: strconv.FormatInt(r.ID, 10), Type: interactionNames[r.Kind], CreatedAt: formatTime(r.CreatedAt), Account: s.Account(r.account), Status: s.Status(r.status), URI: r.URI,
	}
	if r.quote != nil && r.Kind == store.QuoteOf {
		e.Quote = s.Status(r.quote)
	} else if r.quote != nil {
		e.Reply = s.Status(r.quote)
	}
	return e
}

// readRequests reads what is shown of interactions, in one statement of each kind.
func (c *call) readRequests(tx *store.Tx, list []*store.Interaction) ([]request, error) {
	var accounts []store.AccountID
	var statuses []store.ObjectID
	for _, i := range list {
		accounts, statuses = append(accounts, i.AccountID), append(statuses, i.TargetID)
		if i.StatusID != 0 {
			statuses = append(statuses, i.StatusID)
		}
	}
	who, err := tx.Accounts(accounts)
	if err != nil {
		return nil, err
	}
	shown, err := tx.Statuses(c.viewer, statuses)
	byID := map[store.ObjectID]*store.Status{}
	for _, st := range shown {
		byID[st.ID] = st
	}
	out := make([]request, 0, len(list))
	for _, i := range list {
		if r := (request{i, who[i.AccountID], byID[i.TargetID], byID[i.StatusID]}); r.account != nil && r.status != nil {
			out = append(out, r)
		}
	}
	return out, err
}

// interactionRequests lists what waits for the viewer's decision, as GoToSocial
// does.
func (c *call) interactionRequests() (any, error) {
	serialize := func(list []request) []*InteractionRequest { return each(list, c.serializer().interactionRequest) }
	return showPage(c, pageOfStatuses, serialize, func(tx *store.Tx, p store.Page) ([]store.Paged[request], error) {
		list, err := tx.PendingInteractions(c.viewer, p)
		if err != nil {
			return nil, err
		}
		requests, err := c.readRequests(tx, list)
		paged := make([]store.Paged[request], len(requests))
		for i, r := range requests {
			paged[i] = store.Paged[request]{PageID: r.ID, Item: r}
		}
		return paged, err
	})
}

func (c *call) interactionRequest() (any, error) {
	return show(c, c.serializer().interactionRequest, func(tx *store.Tx) (none request, err error) {
		i, err := tx.Interaction(c.id)
		if err != nil {
			return none, err
		}
		list, err := c.readRequests(tx, []*store.Interaction{i})
		if err == nil && (len(list) == 0 || list[0].status.AccountID != c.viewer) {
			err = fault.Errorf(fault.NotFound, "interaction %d is not for the account", c.id)
		}
		if err != nil {
			return none, err
		}
		return list[0], nil
	})
}

func (c *call) authorizeInteraction() (any, error) { return c.decideInteraction(true) }

func (c *call) rejectInteraction() (any, error) { return c.decideInteraction(false) }

// decideInteraction answers with the request as it was.
func (c *call) decideInteraction(accept bool) (any, error) {
	e, err := c.interactionRequest()
	if err != nil {
		return nil, err
	}
	if err := c.api.Service.DecideInteraction(c.ctx, c.viewer, c.id, accept); err != nil {
		return nil, err
	}
	now := formatTime(c.api.Store.Now())
	if r := e.(*InteractionRequest); accept {
		r.AcceptedAt = &now
	} else {
		r.RejectedAt = &now
	}
	return e, nil
}
