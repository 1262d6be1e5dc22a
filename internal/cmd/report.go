package cmd

import (
	"flag"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"kinglet/internal/config"
	"kinglet/store"
)

func allFlag(fs *flag.FlagSet) { fs.Bool("all", false, "those that are resolved as well") }

// listedReports is how many reports are listed: the newest.
const listedReports = 200

func reportList(c *call) error {
	return c.withStore(false, func(_ *config.Config, db *store.Store, _ *slog.Logger) error {
		return db.View(c.ctx, func(tx *store.Tx) error {
			list, err := tx.Reports(c.flag("all") == "true", listedReports)
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
			fmt.Fprintln(w, "ID\tCREATED\tBY\tABOUT\tPOSTS\tSTATE\tCOMMENT")
			for _, r := range list {
				by, about, err := reportedBy(tx, r)
				if err != nil {
					return err
				}
				fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%d\t%s\t%s\n", r.ID, r.CreatedAt.Format(time.DateOnly), by, about, len(r.StatusIDs), reportState(r), firstLine(r.Comment))
			}
			return w.Flush()
		})
	})
}

func reportShow(c *call) error {
	id, err := c.reportID()
	if err != nil {
		return err
	}
	return c.withStore(false, func(_ *config.Config, db *store.Store, _ *slog.Logger) error {
		return db.View(c.ctx, func(tx *store.Tx) error {
			r, err := tx.Report(id)
			if err != nil {
				return err
			}
			by, about, err := reportedBy(tx, r)
			if err != nil {
				return err
			}
			uris, err := tx.URIs(r.StatusIDs)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.out, "report %d of %s, %s\nby %s\nabout %s\ncategory %s\n", r.ID, r.CreatedAt.Format(time.DateTime), reportState(r), by, about, r.Category)
			for _, uri := range uris {
				fmt.Fprintln(c.out, "post", uri)
			}
			fmt.Fprintf(c.out, "\n%s\n", printable(r.Comment))
			return nil
		})
	})
}

func reportResolve(c *call) error {
	id, err := c.reportID()
	if err != nil {
		return err
	}
	return c.withStore(false, func(_ *config.Config, db *store.Store, _ *slog.Logger) error {
		if err := db.Update(c.ctx, func(tx *store.Tx) error { return tx.ResolveReport(id) }); err != nil {
			return err
		}
		fmt.Fprintln(c.out, "resolved; it is deleted in 90 days")
		return nil
	})
}

func (c *call) reportID() (int64, error) {
	id, err := strconv.ParseInt(c.args[0], 10, 64)
	if err != nil {
		return 0, &usageError{fmt.Sprintf("%q is no id of a report; `kinglet report list` has them", c.args[0])}
	}
	return id, nil
}

// reportedBy are the names of who reports and who is reported.
func reportedBy(tx *store.Tx, r *store.Report) (by, about string, err error) {
	accounts, err := tx.Accounts([]store.AccountID{r.AccountID, r.TargetID})
	name := func(id store.AccountID) string {
		if a := accounts[id]; a != nil {
			return "@" + printable(a.Acct())
		}
		return "?"
	}
	return name(r.AccountID), name(r.TargetID), err
}

func reportState(r *store.Report) string {
	switch {
	case !r.ResolvedAt.IsZero():
		return "resolved"
	case r.Host == "" && r.Forwarded:
		return "open, forwarded"
	}
	return "open"
}

// firstLine is how a comment begins.
func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	if runes := []rune(s); len(runes) > 60 {
		s = string(runes[:60]) + "…"
	}
	return printable(s)
}

// printable takes out what a terminal would obey: the text is a stranger's.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || strconv.IsPrint(r) {
			return r
		}
		return -1
	}, s)
}
