package main

import (
	"fmt"
	"slices"
	"strings"
)

// flat is how many times as much a GET may cost on the largest database as on the
// smallest.
const flat = 1.2

// growth is what the largest database makes of the GETs of the smallest.
type growth struct {
	gets    int
	slower  []string // in the median of their times
	steeper []string // in statements or steps, which is no accident of the machine
	unlike  []string // whose answers are of another length: no like is compared with like
}

// growth compares the smallest database with the largest.
func (r *Report) growth() (g growth) {
	if len(r.Runs) < 2 {
		return g
	}
	large := r.Runs[len(r.Runs)-1].Results
	for _, b := range r.Runs[0].Results {
		i := slices.IndexFunc(large, func(a Result) bool { return a.Name == b.Name })
		if i < 0 || b.path.path == "" {
			continue
		}
		a := large[i]
		g.gets++
		if times := ratio(b.P50, a.P50); times > flat {
			g.slower = append(g.slower, fmt.Sprintf("%s %.2f", b.Name, times))
		}
		// A few steps more are those of a tree that is one level higher.
		if times := ratio(b.Work.Steps, a.Work.Steps); a.Statements > b.Statements || times > flat && a.Work.Steps > b.Work.Steps+20 {
			g.steeper = append(g.steeper, fmt.Sprintf("%s %.2f", b.Name, times))
		}
		if times := ratio(b.Bytes, a.Bytes); times > 1.1 || times < 1/1.1 {
			g.unlike = append(g.unlike, fmt.Sprintf("%s %.2f", b.Name, times))
		}
	}
	return g
}

// summary says which GETs are not flat.
func (g growth) summary() string {
	var out []string
	for _, x := range []struct {
		what string
		list []string
	}{
		{fmt.Sprintf("are more than %.1f times as slow", flat), g.slower},
		{fmt.Sprintf("take more statements, or more than %.1f times as many steps", flat), g.steeper},
		{"answer with another number of bytes, so that like is not compared with like", g.unlike},
	} {
		line := fmt.Sprintf("%d of %d GETs %s", len(x.list), g.gets, x.what)
		if len(x.list) > 0 {
			line += ": " + strings.Join(x.list, ", ")
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}
