package cmd

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"kinglet/ap"
)

// federationCheck prints each step of a check when it is done. Some step that
// failed is an error.
func federationCheck(c *call) error {
	return c.withService(func(s *ap.Service) error {
		fmt.Fprintf(c.out, "Checking %s, from %s\n\n", strip(c.args[0], maxShown), s.Config.Domain)
		failed, err := s.CheckFederation(c.ctx, c.args[0], func(st ap.Step) { printStep(c.out, st) })
		if err != nil {
			return err
		}
		if len(failed) > 0 {
			return errors.New("not all is well: see " + strings.Join(failed, ", "))
		}
		fmt.Fprintln(c.out, "All is well.")
		return nil
	})
}

const (
	// stepIndent is where the texts of a step begin.
	stepIndent = "                     "
	// textWidth is how wide they are.
	textWidth = 96 - len(stepIndent)
	// maxShown is how much is shown of a stranger's text, and maxDetails how many.
	maxShown   = 400
	maxDetails = 40
)

func printStep(w io.Writer, st ap.Step) {
	fmt.Fprintf(w, " %-4s  %-12s  %s\n", st.Result, st.Name, wrap(strip(st.Says, maxShown), stepIndent))
	for _, a := range st.Asked {
		fmt.Fprintf(w, "%s%s\n%s  → %s\n", stepIndent, strip(a.Request, maxShown), stepIndent, wrap(strip(a.Answer, maxShown), stepIndent+"    "))
	}
	for _, d := range st.Details[:min(len(st.Details), maxDetails)] {
		fmt.Fprintf(w, "%s· %s\n", stepIndent, wrap(strip(d, maxShown), stepIndent+"  "))
	}
	if st.Advice != "" {
		fmt.Fprintf(w, "%sWhat to do: %s\n", stepIndent, wrap(strip(st.Advice, 2*maxShown), stepIndent+"  "))
	}
	fmt.Fprintln(w)
}

// strip is a stranger's text on one line, without what a terminal obeys and no
// longer than most runes.
func strip(s string, most int) string {
	s = strings.ReplaceAll(printable(s), "\n", " ")
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "…"
	}
	return s
}

// wrap breaks a text between its words. Addresses are never broken: people copy
// them.
func wrap(s, indent string) string {
	var out strings.Builder
	line := 0
	for i, word := range strings.Fields(s) {
		length := len([]rune(word))
		switch {
		case i == 0:
		case line+1+length > textWidth:
			out.WriteString("\n" + indent)
			line = 0
		default:
			out.WriteByte(' ')
			line++
		}
		out.WriteString(word)
		line += length
	}
	return out.String()
}
