package interop

import (
	"fmt"
	"slices"
	"strings"

	"kinglet/internal/apptest"
	"kinglet/internal/fault"
	"kinglet/store"
)

// What a person sees is written as lines, so that a table can say it.

// statusLines say what alice sees of a post.
func (s *scene) statusLines(st *apptest.Status) []string {
	s.Helper()
	e := st.Entity
	where := ""
	if s.alice.HasInHome(st.URI) {
		where = ", at home"
	}
	if language, _ := e["language"].(string); language != "" {
		where = ", " + language + where
	}
	acct := e["account"].(object)["acct"]
	if boosted, ok := e["reblog"].(object); ok {
		return append([]string{fmt.Sprintf("boost by @%v, %v%s", acct, e["visibility"], where)}, s.statusLines(&apptest.Status{ID: boosted["id"].(string), URI: boosted["uri"].(string), Entity: boosted})...)
	}
	lines := []string{fmt.Sprintf("%s by @%v, %v%s", s.typeOf(st.URI), acct, e["visibility"], where)}
	add := func(format string, args ...any) {
		lines = append(lines, strings.TrimRight(fmt.Sprintf(format, args...), " "))
	}
	if cw := e["spoiler_text"]; cw != "" {
		add("warning: %v", cw)
	} else if e["sensitive"] == true {
		add("sensitive")
	}
	add("text: %v", strings.ReplaceAll(st.Text(), "\n", "⏎"))
	if parent := s.parentOf(st.URI); parent != "" {
		add("reply to: %v", parent)
	}
	if q, ok := e["quote"].(object); ok {
		quoted, _ := q["quoted_status"].(object)
		add("quote: %v %v", q["state"], quoted["uri"])
	}
	for _, m := range listOf(e["media_attachments"]) {
		m := m.(object)
		line := fmt.Sprintf("%v: %v", m["type"], m["remote_url"])
		if d, _ := m["description"].(string); d != "" {
			line += fmt.Sprintf(" (%s)", d)
		}
		add("%s", line)
	}
	if p, ok := e["poll"].(object); ok {
		var options []string
		for _, o := range p["options"].([]any) {
			options = append(options, fmt.Sprintf("%v %v", o.(object)["title"], o.(object)["votes_count"]))
		}
		line := "poll: " + strings.Join(options, ", ")
		if p["multiple"] == true {
			line += ", several"
		}
		if p["expired"] == true {
			line += ", closed"
		}
		add("%s", line)
	}
	names := func(key, name string) (out []string) {
		for _, x := range e[key].([]any) {
			out = append(out, fmt.Sprint(x.(object)[name]))
		}
		slices.Sort(out)
		return out
	}
	for _, l := range []struct{ key, name, label string }{{"mentions", "acct", "mentions"}, {"tags", "name", "tags"}, {"emojis", "shortcode", "emojis"}} {
		if list := names(l.key, l.name); len(list) > 0 {
			add("%s: %s", l.label, strings.Join(list, ", "))
		}
	}
	if e["url"] != e["uri"] {
		add("page: %v", e["url"])
	}
	add("at: %v", e["created_at"])
	if at := e["edited_at"]; at != nil {
		add("edited: %v", at)
	}
	for _, c := range []string{"replies", "reblogs", "favourites"} {
		if n := st.Count(c); n > 0 {
			add("%s: %d", c, n)
		}
	}
	for _, r := range e["pleroma"].(object)["emoji_reactions"].([]any) {
		add("reaction: %v %v", r.(object)["name"], r.(object)["count"])
	}
	return lines
}

// row is a post's, nil when there is none.
func (s *scene) row(uri string) (row *store.Object) {
	s.here.View(func(tx *store.Tx) error {
		o, err := tx.ObjectByURI(uri)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		row = o
		return err
	})
	return row
}

func (s *scene) typeOf(uri string) string   { return s.row(uri).Type }
func (s *scene) parentOf(uri string) string { return s.row(uri).InReplyToURI }

// accountLines say what alice sees of a profile.
func (s *scene) accountLines(id string) []string {
	s.Helper()
	e := s.alice.Do("GET", "/api/v1/accounts/"+id)
	var row *store.Account
	s.here.View(func(tx *store.Tx) (err error) {
		n, _ := store.ParseID(id)
		row, err = tx.Account(store.AccountID(n))
		return err
	})
	lines := []string{fmt.Sprintf("%s @%v, %q", row.Type, e["acct"], e["display_name"])}
	add := func(format string, args ...any) {
		lines = append(lines, strings.TrimRight(fmt.Sprintf(format, args...), " "))
	}
	if at := fmt.Sprint(e["created_at"]); at < "1970" {
		add("made at: %s", at)
	}
	for _, flag := range []string{"bot", "group", "locked", "discoverable", "indexable"} {
		if e[flag] == true {
			add("%s", flag)
		}
	}
	if e["note"] != "" {
		add("note: %v", strings.ReplaceAll(fmt.Sprint(e["note"]), "\n", "⏎"))
	}
	for _, f := range e["fields"].([]any) {
		add("field: %v = %v", f.(object)["name"], f.(object)["value"])
	}
	if row.Avatar != "" {
		add("avatar: %s", row.Avatar)
	}
	if row.Header != "" {
		add("header: %s", row.Header)
	}
	for _, x := range e["emojis"].([]any) {
		add("emoji: %v", x.(object)["shortcode"])
	}
	if e["url"] != e["uri"] {
		add("page: %v", e["url"])
	}
	for _, c := range []string{"followers", "following", "statuses"} {
		if n := e[c+"_count"].(float64); n > 0 {
			add("%s: %v", c, n)
		}
	}
	for _, st := range s.alice.Timeline("/api/v1/accounts/"+id+"/statuses", "pinned", "true") {
		add("pinned: %s", st.URI)
	}
	return lines
}

// postLines say what others did with a post of alice's.
func (s *scene) postLines(st *apptest.Status) []string {
	now := s.alice.Status(st.URI)
	if now == nil {
		return []string{"alice's post is gone"}
	}
	line := ""
	for _, c := range []string{"replies", "reblogs", "favourites"} {
		if n := now.Count(c); n > 0 {
			line += fmt.Sprintf(", %s %d", c, n)
		}
	}
	for _, r := range now.Entity["pleroma"].(object)["emoji_reactions"].([]any) {
		line += fmt.Sprintf(", %v %v", r.(object)["name"], r.(object)["count"])
	}
	if p, ok := now.Entity["poll"].(object); ok {
		for _, o := range p["options"].([]any) {
			line += fmt.Sprintf(", %v %v", o.(object)["title"], o.(object)["votes_count"])
		}
	}
	if line == "" {
		return nil
	}
	return []string{"alice's post: " + line[2:]}
}

// relation is how alice and another stand to each other.
func (s *scene) relation(uri string) string {
	id := ""
	s.here.View(func(tx *store.Tx) error {
		if a, err := tx.AccountByURI(uri); err == nil && a.Active() {
			id = a.ID.String()
		}
		return nil
	})
	if id == "" {
		return ""
	}
	r := s.alice.List("/api/v1/accounts/relationships", "id[]", id)[0]
	var out []string
	for _, k := range []string{"following", "requested", "followed_by", "requested_by", "blocked_by"} {
		if r[k] == true {
			out = append(out, k)
		}
	}
	return strings.Join(out, ", ")
}
