package cmd

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"kinglet/ap"
)

// why prints the story of a post, an activity or an account.
func why(c *call) error {
	return c.withService(func(s *ap.Service) error {
		story, err := s.Why(c.ctx, c.args[0])
		if err != nil {
			return err
		}
		return printStory(c.out, story)
	})
}

// maxReason is how much is shown of a reason.
const maxReason = 300

func printStory(w io.Writer, st *ap.Story) error {
	fmt.Fprintln(w, strip(st.Says, maxShown))
	for _, f := range st.Facts {
		fmt.Fprintf(w, "  %s\n", strip(f, maxShown))
	}
	if len(st.CameIn) > 0 {
		fmt.Fprintln(w, "\nCame in (what came in the last seconds may be missing)")
		if err := printLines(w, st.CameIn, true); err != nil {
			return err
		}
	}
	for _, p := range st.WentOut {
		if err := printPublished(w, p); err != nil {
			return err
		}
	}
	if len(st.Hints) > 0 {
		fmt.Fprintln(w)
	}
	for _, h := range st.Hints {
		fmt.Fprintf(w, "%s\n", strip(h, 2*maxShown))
	}
	return nil
}

func printPublished(w io.Writer, p ap.Published) error {
	what := "Went out: " + p.Type
	if p.Retracted {
		what += ", which was taken back"
	}
	fmt.Fprintf(w, "\n%s of %s\n  %s\n", strip(what, maxShown), clock(p.At), strip(p.URI, maxShown))
	if len(p.Taken)+len(p.Waiting)+len(p.Given)+p.Left == 0 {
		fmt.Fprintln(w, "  to no other server, as far as is remembered (what was taken in the last seconds may be missing)")
		return nil
	}
	fmt.Fprintf(w, "  taken by %d, waits for %d, given up for %d\n", len(p.Taken), len(p.Waiting)+p.Left, len(p.Given))
	var lines []ap.StoryLine
	for _, t := range p.Taken {
		lines = append(lines, ap.StoryLine{At: t.At, Outcome: "taken", From: t.Host})
	}
	for _, l := range p.Waiting {
		l.Outcome = "next try"
		lines = append(lines, l)
	}
	if err := printLines(w, append(lines, p.Given...), false); err != nil {
		return err
	}
	if p.Left > 0 {
		fmt.Fprintf(w, "  for %d inboxes deliveries are still to be prepared\n", p.Left)
	}
	return nil
}

// printLines prints lines in columns, the reason of each below it.
func printLines(w io.Writer, lines []ap.StoryLine, types bool) error {
	var rows strings.Builder
	table := tabwriter.NewWriter(&rows, 0, 4, 2, ' ', 0)
	for _, l := range lines {
		row := "  " + clock(l.At)
		if types {
			row += "\t" + strip(l.What, 40)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", row, strip(l.Outcome, 40), strip(l.From, 80))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for i, row := range strings.SplitAfter(strings.TrimSuffix(rows.String(), "\n"), "\n") {
		fmt.Fprintln(w, strings.TrimRight(row, " \n"))
		if why := strip(lines[i].Why, maxReason); why != "" {
			fmt.Fprintf(w, "%s%s\n", reasonIndent, wrap(why, reasonIndent))
		}
	}
	return nil
}

// reasonIndent is where reasons begin, below the outcome.
const reasonIndent = "                       "

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }
