package vocab

import "fmt"

// References to other objects: ids, links and embedded objects. What decides
// authority must be unambiguous.

// id is a URI given as a string, or as an object that has one; "" when there
// is none, or more than one.
func id(v any) string {
	s, err := refID(v)
	if err != nil {
		return ""
	}
	return s
}

// refID is the one id of a reference: a string, the id of an object, or the
// href of a Link (ActivityStreams §4.2). One that has two could be read as
// either, and is refused (SECURITY-RULES 9).
func refID(v any) (string, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return text(v), nil
	}
	name, err := single(m, "id")
	if err != nil {
		return "", err
	}
	href, err := single(m, "href")
	if err != nil {
		return "", err
	}
	if name != "" && href != "" && name != href {
		return "", fmt.Errorf("a reference has two ids, %q and %q", name, href)
	}
	if name == "" && (isLink(m) || m["type"] == nil) {
		return href, nil
	}
	return name, nil
}

// isLink reports whether an object is a Link, which is never embedded but
// refers to another object.
func isLink(m map[string]any) bool {
	for _, t := range texts(m["type"]) {
		if t == "Link" || t == "Mention" {
			return true
		}
	}
	return false
}

// single reads a string that decides authority: one value, or a list of one.
func single(m map[string]any, key string) (string, error) {
	values := list(m[key])
	if len(values) > 1 {
		return "", fmt.Errorf("%s has %d values instead of one", key, len(values))
	}
	if len(values) == 0 {
		return "", nil
	}
	return text(values[0]), nil
}

func (d *decoder) singleRef(m map[string]any, key string, depth int) (Ref, error) {
	values := list(m[key])
	if len(values) > 1 {
		return Ref{}, fmt.Errorf("%s has %d values instead of one", key, len(values))
	}
	if len(values) == 0 {
		return Ref{}, nil
	}
	return d.ref(values[0], depth)
}

func (d *decoder) ref(v any, depth int) (Ref, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return Ref{ID: text(v)}, nil
	}
	name, err := refID(v)
	if err != nil {
		return Ref{}, err
	}
	r := Ref{ID: name}
	if depth >= maxEmbedded || isLink(m) || name != "" && m["id"] == nil {
		return r, nil // named, not embedded
	}
	o, err := d.typed(m, depth+1)
	if err != nil {
		return r, err
	}
	r.Object = o
	return r, nil
}

func (d *decoder) firstRef(v any, depth int) Ref {
	if l := list(v); len(l) > 0 {
		if r, err := d.ref(l[0], depth); err == nil {
			return r
		}
	}
	return Ref{}
}

func (d *decoder) refs(v any, depth, most int) []Ref {
	var out []Ref
	for _, x := range list(v) {
		if r, err := d.ref(x, depth); err == nil && len(out) < most {
			out = append(out, r)
		}
	}
	return out
}

// maxAuthors limits how many authors a post is attributed to.
const maxAuthors = 16

// authors reads attributedTo. An invalid author is an error and not ignored:
// otherwise the next one would be taken for the author.
func (d *decoder) authors(v any, depth int) ([]Ref, error) {
	all := list(v)
	if len(all) > maxAuthors {
		return nil, fmt.Errorf("%d values exceed the limit of %d", len(all), maxAuthors)
	}
	var out []Ref
	for _, x := range all {
		r, err := d.ref(x, depth)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func recipients(v any) ([]string, error) {
	all := list(v)
	if len(all) > MaxRecipients {
		return nil, fmt.Errorf("%d recipients exceed the limit of %d", len(all), MaxRecipients)
	}
	var out []string
	for _, x := range all {
		s, err := refID(x)
		if err != nil {
			return nil, err
		}
		switch s {
		case "":
		case "as:Public", "Public":
			out = append(out, Public)
		default:
			out = append(out, s)
		}
	}
	return out, nil
}

// IDs are the ids of a list of references, at most so many: of what may be about
// several objects (a Flag).
func IDs(v any, most int) (out []string) {
	for _, x := range list(v) {
		if s := id(x); s != "" && len(out) < most {
			out = append(out, s)
		}
	}
	return out
}

// Linked is what a term of an object names that few who read it want: it is read
// when it is asked for.
func (o *Object) Linked(term string) Ref {
	return (&decoder{}).firstRef(o.Document[term], 0)
}
