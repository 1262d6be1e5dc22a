// Package params reads the parameters of a Mastodon client's request, in each
// of the forms that clients use: the query, JSON, a form or multipart, on every
// verb, with Rails' nesting of names (a[b], a[], a[0][b]). Everything is
// limited before it is parsed. Read Read and Params.
package params

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"

	"kinglet/internal/fault"
	"kinglet/media"
)

// The limits of a request's parameters.
const (
	maxKeys  = 1000
	maxDepth = 8
)

// Params are parameters by name. Nested ones are Params as well.
type Params struct {
	values map[string]any // string, bool, float64, nil, []any, map[string]any
	files  map[string]*File
}

// File is an uploaded file. Its bytes were written to Bounds.Keep as they
// arrived; who needs them after the request keeps the upload.
type File struct {
	Name, ContentType string
	media.Upload
}

func malformed(format string, args ...any) error {
	return fault.Errorf(fault.Malformed, format, args...)
}

// Bounds are how much of a body is read.
type Bounds struct {
	Body  int64    // all of it but the files; 0 for none of it
	File  int64    // each file
	Files []string // the files that are taken, by name; others are not kept
	// Keep creates the upload that a file is written to; nil accepts no
	// file.
	Keep func(max int64) media.Upload
}

// Read reads the query and the body of a request; the body takes precedence.
// Files are never whole in memory. Call Discard in the end.
func Read(r *http.Request, b Bounds) (*Params, error) {
	p := &Params{values: map[string]any{}, files: map[string]*File{}}
	if err := p.read(r, b); err != nil {
		p.Discard()
		return nil, err
	}
	return p, nil
}

// Discard drops the files that were not kept.
func (p *Params) Discard() {
	for _, f := range p.files {
		f.Discard()
	}
}

func (p *Params) read(r *http.Request, b Bounds) error {
	if err := p.addForm(r.URL.Query()); err != nil {
		return err
	}
	if b.Body == 0 || r.Body == nil || r.ContentLength == 0 {
		return nil
	}
	ct := r.Header.Get("Content-Type")
	mt, args, err := mime.ParseMediaType(ct)
	if err != nil && ct != "" {
		return malformed("invalid Content-Type %q", ct)
	}
	if mt == "multipart/form-data" {
		return p.addMultipart(r.Body, args["boundary"], b)
	}
	isJSON := mt == "application/json" || strings.HasSuffix(mt, "+json")
	if !isJSON && mt != "application/x-www-form-urlencoded" && mt != "" {
		return nil
	}
	body, err := readBounded(r.Body, b.Body)
	if err != nil {
		return err
	}
	if isJSON {
		return p.addJSON(body)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return malformed("the form is invalid")
	}
	return p.addForm(form)
}

// errTooLarge is the error of a body that exceeds its limit.
var errTooLarge = fault.Errorf(fault.TooLarge, "The request is too large")

func readBounded(r io.Reader, most int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, unreadable(err)
	}
	if int64(len(b)) > most {
		return nil, errTooLarge
	}
	return b, nil
}

func (p *Params) addJSON(body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	depth, inString, escaped := 0, false, false
	for _, c := range body {
		switch {
		case escaped:
			escaped = false
		case inString:
			escaped, inString = c == '\\', c != '"'
		case c == '"':
			inString = true
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return malformed("the JSON is nested too deeply")
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	var m map[string]any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&m); err != nil {
		return malformed("the JSON is invalid")
	}
	for k, v := range m {
		p.values[k] = v
	}
	return nil
}

func (p *Params) addMultipart(body io.Reader, boundary string, bounds Bounds) error {
	heads := &headReader{body: body}
	mr := multipart.NewReader(heads, boundary)
	form := url.Values{}
	left := bounds.Body
	for n := 0; ; n++ {
		part, err := heads.nextPart(mr)
		if err == io.EOF {
			return p.addForm(form)
		}
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) || heads.tooLarge {
			return errTooLarge
		}
		if err != nil || n > maxKeys {
			return malformed("the multipart body is invalid")
		}
		if part.FileName() != "" {
			if !slices.Contains(bounds.Files, part.FormName()) {
				if _, err := io.Copy(io.Discard, part); err != nil { // the next part begins after it
					return unreadable(err)
				}
				continue
			}
			if err := p.addFile(part, bounds); err != nil {
				return err
			}
			continue
		}
		if left -= int64(len(part.FormName())); left < 0 { // names are kept as well
			return errTooLarge
		}
		b, err := readBounded(part, left)
		if err != nil {
			return err
		}
		left -= int64(len(b))
		form.Add(part.FormName(), string(b))
	}
}

// maxHead is how many bytes a part's head may have: its headers, and what is
// before it. mime/multipart would read 10 MB of them into memory.
const maxHead = 64 << 10

// headReader bounds what is read of a body while the head of a part is.
type headReader struct {
	body     io.Reader
	inHead   bool
	left     int
	tooLarge bool
}

func (h *headReader) nextPart(mr *multipart.Reader) (*multipart.Part, error) {
	h.inHead, h.left = true, maxHead
	part, err := mr.NextPart()
	h.inHead = false
	return part, err
}

func (h *headReader) Read(p []byte) (int, error) {
	if !h.inHead {
		return h.body.Read(p)
	}
	if h.left == 0 {
		h.tooLarge = true
		return 0, errTooLarge
	}
	n, err := h.body.Read(p[:min(len(p), h.left)])
	h.left -= n
	return n, err
}

// addFile writes a file as it arrives: fields may come after it.
func (p *Params) addFile(part *multipart.Part, bounds Bounds) error {
	f := &File{Name: clean(part.FileName()), ContentType: part.Header.Get("Content-Type"), Upload: bounds.Keep(bounds.File)}
	if before := p.files[part.FormName()]; before != nil {
		before.Discard()
	}
	p.files[part.FormName()] = f
	in := &bodyReader{Reader: part}
	if _, err := io.Copy(struct{ io.Writer }{f.Upload}, in); err != nil {
		if in.err == nil {
			return err // of the place where it is kept
		}
		return unreadable(in.err)
	}
	return nil
}

// bodyReader records why a body could not be read to its end.
type bodyReader struct {
	io.Reader
	err error
}

func (b *bodyReader) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}

// unreadable is the error of a body that was cut off, or exceeds its limit.
func unreadable(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return errTooLarge
	}
	return malformed("could not read the body")
}

// addForm unfolds Rails' names: a[b][c]=1 is {a: {b: {c: 1}}}, a[]=1&a[]=2 a
// list, a[][b]=1 a list of maps in which a repeated name starts the next map.
func (p *Params) addForm(form url.Values) error {
	if len(form) > maxKeys {
		return malformed("too many parameters")
	}
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		path, err := splitName(name)
		if err != nil {
			return err
		}
		for i, value := range form[name] {
			if i > maxKeys {
				return malformed("too many values of %q", name)
			}
			p.values[path[0]] = put(p.values[path[0]], path[1:], value, i)
		}
	}
	return nil
}

func splitName(name string) ([]string, error) {
	first, rest, ok := strings.Cut(name, "[")
	path := []string{first}
	for ok {
		var key string
		if key, rest, ok = strings.Cut(rest, "]"); !ok || len(path) == maxDepth {
			return nil, malformed("the parameter name %q is invalid", name)
		}
		path = append(path, key)
		_, rest, ok = strings.Cut(rest, "[")
	}
	return path, nil
}

// put places the nth value of a name under the rest of its path.
func put(at any, path []string, value string, n int) any {
	if len(path) == 0 {
		return value
	}
	if path[0] == "" {
		list, _ := at.([]any)
		if len(path) == 1 {
			return append(list, value)
		}
		for len(list) <= n {
			list = append(list, nil)
		}
		list[n] = put(list[n], path[1:], value, 0)
		return list
	}
	m, _ := at.(map[string]any)
	if m == nil {
		m = map[string]any{}
	}
	m[path[0]] = put(m[path[0]], path[1:], value, n)
	return m
}

// Has reports whether a parameter was given, even if empty.
func (p *Params) Has(name string) bool {
	v, ok := p.values[name]
	return ok && v != nil
}

// Text returns a parameter as text; ok is false when it was not given, which
// differs from empty.
func (p *Params) Text(name string) (value string, ok bool) {
	v, given := p.values[name]
	if list, isList := v.([]any); isList && len(list) > 0 {
		v = list[0]
	}
	s, ok := scalar(v)
	return s, given && ok
}

// String is Text, "" for what was not given.
func (p *Params) String(name string) string {
	s, _ := p.Text(name)
	return s
}

func scalar(v any) (string, bool) {
	switch x := v.(type) {
	case string:
		return clean(x), true
	case bool:
		return strconv.FormatBool(x), true
	case json.Number:
		return x.String(), true
	}
	return "", false
}

// clean removes what no database can store: NUL and invalid UTF-8.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "")
}

// Bool parses true and false in their usual forms; ok is false for anything
// else.
func (p *Params) Bool(name string) (value, ok bool) {
	switch s, _ := p.Text(name); strings.ToLower(s) {
	case "true", "1", "on", "t", "yes":
		return true, true
	case "false", "0", "off", "f", "no":
		return false, true
	}
	return false, false
}

// True is Bool, false for what was not given.
func (p *Params) True(name string) bool {
	v, _ := p.Bool(name)
	return v
}

// BoolPtr is Bool, nil for what was not given.
func (p *Params) BoolPtr(name string) *bool {
	if v, ok := p.Bool(name); ok {
		return &v
	}
	return nil
}

// TextPtr is Text, nil for what was not given.
func (p *Params) TextPtr(name string) *string {
	if v, ok := p.Text(name); ok {
		return &v
	}
	return nil
}

// Int parses an integer, or returns def.
func (p *Params) Int(name string, def int64) int64 {
	if n, err := strconv.ParseInt(p.String(name), 10, 64); err == nil {
		return n
	}
	return def
}

// Strings reads a list: name[]=a&name[]=b, name=a, JSON of either form, or a
// map with numbers for keys.
func (p *Params) Strings(name string) []string {
	var out []string
	for _, v := range listOf(p.values[name]) {
		if s, ok := scalar(v); ok {
			out = append(out, s)
		}
	}
	return out
}

// Sub is the map under a name; ok is false when there is none.
func (p *Params) Sub(name string) (*Params, bool) {
	m, ok := p.values[name].(map[string]any)
	return &Params{values: m}, ok
}

// List is the list of maps under a name.
func (p *Params) List(name string) []*Params {
	var out []*Params
	for _, v := range listOf(p.values[name]) {
		if m, ok := v.(map[string]any); ok {
			out = append(out, &Params{values: m})
		}
	}
	return out
}

// File is the file uploaded under a name; nil when there is none.
func (p *Params) File(name string) *File { return p.files[name] }

func listOf(v any) []any {
	switch x := v.(type) {
	case nil:
		return nil
	case []any:
		return x
	case map[string]any:
		keys := make([]string, 0, len(x))
		for k := range x {
			keys = append(keys, k)
		}
		sort.Slice(keys, func(i, j int) bool {
			a, _ := strconv.Atoi(keys[i])
			b, _ := strconv.Atoi(keys[j])
			return a < b || a == b && keys[i] < keys[j]
		})
		out := make([]any, len(keys))
		for i, k := range keys {
			out[i] = x[k]
		}
		return out
	}
	return []any{v}
}
