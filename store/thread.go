package store

import (
	"slices"

	"kinglet/internal/fault"
)

// ThreadBounds limit how much of a thread is read.
type ThreadBounds struct {
	Ancestors, Descendants int
	Depth                  int // of descendants
	Skip                   int // as many descendants were on the pages before
}

// maxThread is how many statuses of a thread are read and ordered, for strangers
// maxCandidates: of a longer one those that are nearest to the status.
const maxThread = 4096

// threadBounds are Mastodon's limits of a thread.
func threadBounds(viewer AccountID) ThreadBounds {
	if viewer == 0 {
		return ThreadBounds{Ancestors: 40, Descendants: 60, Depth: 20}
	}
	return ThreadBounds{Ancestors: maxThread, Descendants: maxThread, Depth: maxThread}
}

// Thread reads the ancestors and descendants of a status, as viewer sees them:
// ancestors from the root of the thread, descendants depth first. NotFound when
// viewer may not see the status itself.
func (tx *Tx) Thread(viewer AccountID, id ObjectID) (ancestors, descendants []*Status, err error) {
	ancestors, descendants, _, err = tx.ThreadPage(viewer, id, threadBounds(viewer))
	return ancestors, descendants, err
}

// ThreadPage is Thread within other bounds; next is how many descendants to
// skip for the next page, 0 when there are no more.
func (tx *Tx) ThreadPage(viewer AccountID, id ObjectID, b ThreadBounds) (ancestors, descendants []*Status, next int, err error) {
	if ok, err := tx.MaySee(viewer, id); err != nil || !ok {
		if err == nil {
			err = fault.Errorf(fault.NotFound, "status %s not found", id)
		}
		return nil, nil, 0, err
	}
	up, err := tx.ancestors(viewer, id, b.Ancestors)
	if err != nil {
		return nil, nil, 0, err
	}
	down, err := tx.descendants(viewer, id, b.Depth)
	if err != nil {
		return nil, nil, 0, err
	}
	down = down[min(b.Skip, len(down)):]
	if len(down) > b.Descendants {
		down, next = down[:b.Descendants], b.Skip+b.Descendants
	}
	all, _, err := tx.decidedStatuses(viewer, slices.Concat(up, down), nil)
	if err != nil {
		return nil, nil, 0, err
	}
	blocked, err := tx.blockedFrom(viewer, id)
	if err != nil {
		return nil, nil, 0, err
	}
	shown := func(ids []ObjectID) (list []*Status) {
		for _, id := range ids {
			if st := all[id]; st != nil && !blocked[st.AccountID] {
				list = append(list, st)
			}
		}
		return list
	}
	return shown(up), shown(down), next, nil
}

// ancestors lists the ids of the ancestors that viewer may see, from the root of
// the thread.
func (tx *Tx) ancestors(viewer AccountID, id ObjectID, depth int) ([]ObjectID, error) {
	type ancestor struct {
		id    ObjectID
		depth int
	}
	var up []ancestor
	// In a thread with a cycle, which another server may make, each is found again
	// and again until the depth ends it. It is listed once, where it is nearest.
	err := tx.query(func(row scanner) error {
		var a ancestor
		err := row.Scan(&a.id, &a.depth)
		up = append(up, a)
		return err
	}, `
		WITH RECURSIVE up (id, parent, depth) AS (
		  SELECT id, in_reply_to_id, 0 FROM objects WHERE id = $1
		  UNION
		  SELECT o.id, o.in_reply_to_id, up.depth + 1
		  FROM up JOIN objects o ON o.id = up.parent
		  WHERE up.parent <> 0 AND up.depth < $2)
		SELECT o.id, up.depth
		FROM up
		CROSS JOIN objects o
		WHERE o.id = up.id AND up.id <> $1 AND `+visible("o", "$3"), id, depth, viewer)
	slices.SortStableFunc(up, func(a, b ancestor) int { return a.depth - b.depth })
	var list []ObjectID
	seen := map[ObjectID]bool{}
	for _, a := range up {
		if !seen[a.id] {
			list = append(list, a.id)
		}
		seen[a.id] = true
	}
	slices.Reverse(list)
	return list, err
}

// descendants lists the ids of the descendants that viewer may see, depth
// first, older replies first. A reply to a status that viewer may not see stays
// in the place where it would be below that.
func (tx *Tx) descendants(viewer AccountID, root ObjectID, depth int) ([]ObjectID, error) {
	most := maxThread
	if viewer == 0 {
		most = maxCandidates
	}
	children := map[ObjectID][]ObjectID{}
	shown := map[ObjectID]bool{}
	err := tx.query(func(row scanner) error {
		var id, parent ObjectID
		var may bool
		if err := row.Scan(&id, &parent, &may); err != nil {
			return err
		}
		children[parent] = append(children[parent], id)
		shown[id] = may
		return nil
	}, `
		WITH RECURSIVE down (id, parent, depth) AS (
		  SELECT first.id, first.in_reply_to_id, 1
		  FROM (
		    SELECT id, in_reply_to_id FROM objects
		    WHERE in_reply_to_id = $1 AND in_reply_to_id <> 0
		    ORDER BY id LIMIT $2) AS first
		  UNION
		  SELECT o.id, o.in_reply_to_id, down.depth + 1
		  FROM down JOIN objects o ON o.in_reply_to_id = down.id
		  WHERE o.in_reply_to_id <> 0 AND down.depth < $4)
		SELECT down.id, down.parent, `+visible("o", "$3")+`
		FROM (SELECT id, parent FROM down LIMIT $2) AS down
		CROSS JOIN objects o
		WHERE o.id = down.id`, root, most, viewer, depth)
	if err != nil {
		return nil, err
	}
	var out []ObjectID
	seen := map[ObjectID]bool{root: true}
	var walk func(parent ObjectID)
	walk = func(parent ObjectID) {
		slices.Sort(children[parent])
		for _, id := range children[parent] {
			if seen[id] {
				continue
			}
			seen[id] = true
			if shown[id] {
				out = append(out, id)
			}
			walk(id)
		}
	}
	walk(root)
	return out, nil
}
