package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"
)

// rounds is how often each server has its turn at an endpoint.
const rounds = 10

// measureTurns measures the GETs of several databases, each with a server of its
// own, in turns. A machine is not as fast now as in five minutes, so one database
// after the other compares the machine with itself.
func measureTurns(ctx context.Context, o *options, kept, scratch string) (runs []Run, err error) {
	var all []*measurement
	defer func() {
		for _, m := range all {
			if m.server != nil {
				err = errors.Join(err, m.server.stop())
			}
		}
	}()
	for i, days := range o.days {
		shape := o.shape
		shape.Days = days
		m := &measurement{
			options: o, shape: shape, scratch: scratch, certs: filepath.Join(scratch, "certificates.pem"),
			database: filepath.Join(scratch, fmt.Sprintf("measured%d.db", i)), listen: fmt.Sprintf("127.0.0.1:%d", 18480+i),
		}
		file := filepath.Join(kept, shape.name())
		if err := errors.Join(m.prepare(ctx, file), copyDatabase(file, m.database), m.findEndpoints(ctx)); err != nil {
			return nil, err
		}
		if m.server, err = m.startServer(ctx); err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	if err := sleep(ctx, 5*time.Second); err != nil { // until all are at rest
		return nil, err
	}
	for i := range all[0].gets {
		if err := inTurns(ctx, all, i); err != nil {
			return nil, err
		}
	}
	for _, m := range all {
		if err := m.count(ctx); err != nil {
			return nil, err
		}
		statuses := m.shape.Statuses()
		runs = append(runs, Run{
			Shape: m.shape, Statuses: statuses, BytesPerStatus: float64(m.facts.Bytes) / float64(statuses), Bytes: m.facts.Bytes,
			Start: m.server.start.Seconds(), Idle: m.server.memory("VmRSS"), Peak: m.server.memory("VmHWM"), Results: m.results,
		})
	}
	return runs, nil
}

// inTurns asks each server for its i-th endpoint, some requests in a turn.
func inTurns(ctx context.Context, all []*measurement, i int) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}}
	defer client.CloseIdleConnections()
	times := make([][]time.Duration, len(all))
	cpu := make([]time.Duration, len(all))
	for range rounds {
		for k, m := range all {
			e := m.gets[i]
			took, processor, err := m.repeat(max(m.requests/rounds, least), func() error {
				r, err := e.request(ctx, m.listen, m.facts.Token)
				if err == nil {
					err = do(client, r)
				}
				return err
			})
			if err != nil {
				return fmt.Errorf("%s: %w", e.name, err)
			}
			times[k], cpu[k] = append(times[k], took...), cpu[k]+processor/rounds
		}
	}
	for k, m := range all {
		res := Result{Name: m.gets[i].name, CPU: ms(cpu[k]), path: m.gets[i]}
		res.spread(times[k])
		m.results = append(m.results, res)
	}
	return nil
}
