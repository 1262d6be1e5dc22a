package store

// Jobs of one order are a chain: each waits for the one before it (after_job),
// and knows whether one waits for it (has_next). So a job that waits in an
// order is not due and costs a claim nothing, and the end of a job that none
// waits for needs no more statements. The database ensures that at most one job
// waits for a job (jobs_order).

// joinOrders finds the last job of the order of each new job, and marks it as
// waited for: a concurrent end of that job sees the mark.
func (tx *Tx) joinOrders(list []NewJob) (last map[int64]int64, err error) {
	var join, replace []int64
	for _, j := range list {
		if j.Order != 0 && !j.First {
			join = append(join, j.Order)
		}
		if j.Order != 0 && j.Replaces {
			replace = append(replace, j.Order)
		}
	}
	if len(replace) > 0 {
		if _, err := tx.exec(`DELETE FROM jobs WHERE `+tx.in("order_key", "$1")+` AND order_key <> 0 AND dead_at = 0 AND claimed_by = ''`, setOf(replace)); err != nil {
			return nil, err
		}
	}
	if len(join) == 0 {
		return nil, nil
	}
	there, waitedFor := map[int64][]int64{}, map[int64]bool{}
	err = tx.query(func(row scanner) error {
		var id, order, before int64
		if err := row.Scan(&id, &order, &before); err != nil {
			return err
		}
		there[order] = append(there[order], id)
		waitedFor[before] = true
		return nil
	}, `
		UPDATE jobs SET has_next = TRUE
		WHERE `+tx.in("order_key", "$1")+` AND order_key <> 0 AND dead_at = 0
		RETURNING id, order_key, after_job`, setOf(join))
	last = map[int64]int64{}
	for order, chain := range there {
		for _, id := range chain {
			if !waitedFor[id] {
				last[order] = max(last[order], id)
			}
		}
	}
	return last, err
}

// HasJobs reports whether a live job is of an order.
func (tx *Tx) HasJobs(order int64) (bool, error) {
	_, ok, err := one[int64](tx, `SELECT 1 FROM jobs WHERE order_key = $1 AND order_key <> 0 AND dead_at = 0 LIMIT 1`, order)
	return ok, err
}

// endJobs runs a statement that ends jobs, makes those due that waited for them,
// and returns how many it ended.
func (tx *Tx) endJobs(statement string, args ...any) (ended int, err error) {
	waitedFor := map[int64]int64{} // the order of each
	err = tx.query(func(row scanner) error {
		var id, order int64
		var hasNext bool
		ended++
		if err := row.Scan(&id, &order, &hasNext); err != nil {
			return err
		}
		if hasNext {
			waitedFor[id] = order
		}
		return nil
	}, statement+` RETURNING id, order_key, has_next`, args...)
	if err != nil {
		return ended, err
	}
	for id, order := range waitedFor {
		tx.engine.JobsDue()
		if _, err := tx.exec(`UPDATE jobs SET after_job = 0 WHERE order_key = $1 AND order_key <> 0 AND dead_at = 0 AND after_job = $2`, order, id); err != nil {
			return ended, err
		}
	}
	return ended, nil
}

// ReleaseOrders makes jobs due that wait for one that is gone: a node of an
// older version ignores the order when it ends a job.
func (tx *Tx) ReleaseOrders() error {
	n, err := tx.exec(`
		UPDATE jobs SET after_job = 0
		WHERE order_key <> 0 AND dead_at = 0 AND after_job <> 0
		  AND NOT EXISTS (SELECT 1 FROM jobs b WHERE b.id = jobs.after_job AND b.dead_at = 0)`)
	if n > 0 {
		tx.engine.JobsDue()
	}
	return err
}
