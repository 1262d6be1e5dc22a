package cmd

import (
	"flag"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"kinglet/ap"
	"kinglet/ap/vocab"
	"kinglet/internal/config"
	"kinglet/store"
)

func relayFlags(fs *flag.FlagSet) {
	fs.Bool("receive-only", false, "do not send it the public posts of here")
	fs.String("tag", "", "take only posts with one of these hashtags, separated by commas")
	fs.String("budget", "", "how many posts are taken in an hour")
}

// mostBudget is more than any relay brings in an hour.
const mostBudget = 1_000_000

func relayAdd(c *call) error {
	q := ap.RelayRequest{URL: c.args[0], ReceiveOnly: c.flag("receive-only") == "true"}
	if text := c.flag("budget"); text != "" {
		n, err := strconv.Atoi(strings.TrimSuffix(text, "/h"))
		if err != nil || n <= 0 || n > mostBudget {
			return &usageError{fmt.Sprintf("--budget %q: want a number of posts in an hour, like 300 or 300/h", text)}
		}
		q.Budget = n
	}
	if text := c.flag("tag"); text != "" {
		q.Tags = strings.Split(text, ",")
	}
	return c.withService(func(s *ap.Service) error {
		r, err := s.AddRelay(c.ctx, q)
		if err != nil {
			return err
		}
		switch {
		case r.State == store.RelayAccepted:
			fmt.Fprintf(c.out, "changed what is taken of the relay %s\n", r.Inbox)
		case r.LitePub:
			fmt.Fprintf(c.out, "the running server follows the relay %s, which has to accept: `kinglet relay list` says whether it has. A person may have to approve it there\n", r.ActorURI)
		default:
			fmt.Fprintf(c.out, "the running server asks the relay %s, which has to accept: `kinglet relay list` says whether it has. A person may have to approve it there\n", r.Inbox)
		}
		return nil
	})
}

func relayRemove(c *call) error {
	return c.withService(func(s *ap.Service) error {
		r, err := s.RemoveRelay(c.ctx, c.args[0])
		if err != nil {
			return err
		}
		fmt.Fprintf(c.out, "unsubscribed from the relay %s; what it brought stays for its time\n", r.Inbox)
		return nil
	})
}

func relayList(c *call) error {
	return c.withStore(false, func(_ *config.Config, db *store.Store, _ *slog.Logger) error {
		return db.View(c.ctx, func(tx *store.Tx) error {
			list, err := tx.Relays()
			if err != nil {
				return err
			}
			lanes, err := tx.Lanes()
			if err != nil {
				return err
			}
			down := map[string]store.Lane{}
			for _, l := range lanes {
				down[l.Name] = l
			}
			w := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
			fmt.Fprintln(w, "RELAY\tSTATE\tSINCE\tHASHTAGS\tSENT TO\tTAKEN\tREFUSED\tLEFT THIS HOUR")
			for _, r := range list {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%d\t%d of %d\n", printable(relayURL(r)), relayState(r), r.StateAt.Format(time.DateTime),
					printable(relayTags(r)), yesNo(!r.ReceiveOnly), r.Taken, r.Refused, r.Left(tx.Now()), r.Budget)
			}
			if err := w.Flush(); err != nil {
				return err
			}
			for _, r := range list {
				if r.RefusedWhy != "" {
					fmt.Fprintf(c.out, "%s: refused last: %s\n", printable(relayURL(r)), printable(r.RefusedWhy))
				}
				if r.Error != "" {
					fmt.Fprintf(c.out, "%s: last error: %s\n", printable(relayURL(r)), printable(r.Error))
				}
				if l, ok := down[vocab.Host(r.Inbox)]; ok {
					fmt.Fprintf(c.out, "%s: its host does not answer since %s: %s\n", printable(relayURL(r)), l.FailingSince.Format(time.DateTime), printable(firstLine(l.Error)))
				}
			}
			return nil
		})
	})
}

// relayURL is what a relay is added and removed by.
func relayURL(r *store.Relay) string {
	if r.LitePub {
		return r.ActorURI
	}
	return r.Inbox
}

func relayState(r *store.Relay) string {
	if r.State == store.RelayPending {
		return "waits for its approval"
	}
	return r.State
}

func relayTags(r *store.Relay) string {
	if len(r.Tags) == 0 {
		return "all"
	}
	return "#" + strings.Join(r.Tags, " #")
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
