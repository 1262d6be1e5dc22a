package mastodon

import (
	"kinglet/ap"
	"kinglet/api/respond"
	"kinglet/internal/fault"
	"kinglet/store"
)

func (c *call) post() (any, error) {
	p := c.params
	if p.Has("scheduled_at") && p.String("scheduled_at") != "" {
		return nil, fault.Errorf(fault.NotImplemented, "Posts can't be scheduled yet")
	}
	if len(p.Strings("media_ids")) > 0 {
		return nil, fault.Errorf(fault.NotImplemented, "Media can't be posted yet")
	}
	req := ap.PostRequest{
		Text: p.String("status"), SpoilerText: p.String("spoiler_text"), Language: p.String("language"),
		Poll: pollRequest(p), QuotePolicy: p.String("quote_approval_policy"), Policy: policyRequest(p), ApplicationID: c.token.AppID, IdempotencyKey: c.r.Header.Get("Idempotency-Key"),
	}
	if s := p.String("in_reply_to_id"); s != "" {
		id, ok := store.ParseID(s)
		if !ok {
			return nil, respond.NotFound
		}
		req.InReplyTo = store.ObjectID(id)
	}
	if s := p.String("quoted_status_id"); s != "" {
		id, ok := store.ParseID(s)
		if !ok {
			return nil, respond.NotFound
		}
		req.Quote = store.ObjectID(id)
	}
	if err := c.setDefaults(&req); err != nil {
		return nil, err
	}
	id, err := c.api.Service.Post(c.ctx, c.viewer, req)
	if err != nil {
		return nil, err
	}
	return c.showStatus(id)
}

// setDefaults sets visibility and sensitivity from the account's preferences
// when the request has none.
func (c *call) setDefaults(req *ap.PostRequest) error {
	v, err := visibility(c.params, "visibility")
	if err != nil {
		return err
	}
	sensitive := c.params.BoolPtr("sensitive")
	if v == nil || sensitive == nil {
		u, err := read(c, func(tx *store.Tx) (*store.User, error) { return tx.User(c.viewer) })
		if err != nil {
			return err
		}
		if v == nil {
			v = &u.DefaultVisibility
		}
		if sensitive == nil {
			sensitive = &u.DefaultSensitive
		}
	}
	req.Visibility, req.Sensitive = *v, *sensitive
	return nil
}

func (c *call) status() (any, error) { return c.showStatus(c.statusID()) }

// showStatus answers with a status as the viewer sees it.
func (c *call) showStatus(id store.ObjectID) (any, error) {
	return show(c, c.serializer().Status, func(tx *store.Tx) (*store.Status, error) { return tx.Status(c.viewer, id) })
}

// statuses reads several by id, those the viewer may see, in the order asked.
func (c *call) statuses() (any, error) {
	var ids []store.ObjectID
	for _, id := range accountIDs(c.params.Strings("id")) {
		ids = append(ids, store.ObjectID(id))
	}
	return show(c, c.serializer().statuses, func(tx *store.Tx) ([]*store.Status, error) { return tx.Statuses(c.viewer, ids) })
}

func (c *call) edit() (any, error) {
	if err := c.api.Service.EditPost(c.ctx, c.viewer, c.statusID(), ap.EditRequest{
		Text: c.params.String("status"), SpoilerText: c.params.String("spoiler_text"),
		Sensitive: c.params.True("sensitive"), Language: c.params.String("language"), Poll: pollRequest(c.params), QuotePolicy: c.params.String("quote_approval_policy"),
	}); err != nil {
		return nil, err
	}
	return c.status()
}

// delete answers with the deleted status and its text, so that a client can
// offer to redraft it. Its media is kept for that for a day, unless
// delete_media is true.
func (c *call) delete() (any, error) {
	id := c.statusID()
	st, err := read(c, func(tx *store.Tx) (*store.Status, error) {
		st, err := tx.Status(c.viewer, id)
		if err == nil && st.AccountID != c.viewer {
			err = fault.Errorf(fault.NotFound, "status %s does not belong to the account", id)
		}
		return st, err
	})
	if fault.Is(err, fault.NotFound) {
		return c.deleteHiddenBoost(id)
	}
	if err != nil {
		return nil, err
	}
	e := c.serializer().Status(st)
	if st.ReblogOfID == 0 {
		text, _, err := c.api.Service.PostSource(c.ctx, c.viewer, id)
		if err != nil {
			return nil, err
		}
		e.Text = &text
	}
	return e, c.api.Service.DeletePost(c.ctx, c.viewer, id, !c.params.True("delete_media"))
}

func (c *call) source() (any, error) {
	text, spoiler, err := c.api.Service.PostSource(c.ctx, c.viewer, c.statusID())
	if err != nil {
		return nil, err
	}
	return map[string]string{"id": c.statusID().String(), "text": text, "spoiler_text": spoiler}, nil
}

// context answers with the thread as it is known here. That who is signed in
// looks at it may have it completed: see refresh.
func (c *call) context() (any, error) {
	var root *store.ThreadRoot
	answer, err := read(c, func(tx *store.Tx) (*Context, error) {
		above, below, err := tx.Thread(c.viewer, c.statusID())
		if err != nil {
			return nil, err
		}
		if root, err = c.threadRoot(tx, above); err != nil {
			return nil, err
		}
		s := c.serializer()
		return &Context{s.statuses(above), s.statuses(below)}, nil
	})
	if err == nil {
		c.refresh(root)
	}
	return answer, err
}

func (c *call) favouritedBy() (any, error) { return c.accountsThat((*store.Tx).FavouritedBy) }

func (c *call) rebloggedBy() (any, error) { return c.accountsThat((*store.Tx).RebloggedBy) }

// accountsThat lists the accounts that interacted with the status of the path.
func (c *call) accountsThat(interacted func(*store.Tx, store.AccountID, store.ObjectID, store.Page) ([]store.Paged[*store.Account], error)) (any, error) {
	return c.showAccounts(func(tx *store.Tx, p store.Page) ([]store.Paged[*store.Account], error) {
		if _, err := tx.Status(c.viewer, c.statusID()); err != nil {
			return nil, err
		}
		return interacted(tx, c.viewer, c.statusID(), p)
	})
}
