package params

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"kinglet/internal/fault"
	"kinglet/media"
	"kinglet/media/mediatest"
)

// withFiles are bounds that take avatar and file, most bytes each.
func withFiles(t testing.TB, blobs media.Blobs, most int64) Bounds {
	return Bounds{Body: 1 << 20, File: most, Files: []string{"avatar", "file"}, Keep: func(max int64) media.Upload { return blobs.NewUpload(t.Context(), max) }}
}

func content(t *testing.T, f *File) string {
	t.Helper()
	if f == nil {
		return ""
	}
	b, err := io.ReadAll(f.Open())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The same parameters in every form clients send them.
func TestForms(t *testing.T) {
	form := "media_ids[]=1&media_ids[]=2&poll[options][]=a&poll[options][]=b&source[privacy]=private&" +
		"fields_attributes[0][name]=n0&fields_attributes[0][value]=v0&fields_attributes[1][name]=n1&sensitive=1&id=7&empty="
	js := `{"media_ids":[1,"2"],"poll":{"options":["a","b"]},"source":{"privacy":"private"},
		"fields_attributes":{"0":{"name":"n0","value":"v0"},"1":{"name":"n1"}},"sensitive":true,"id":7,"empty":""}`
	var mp bytes.Buffer
	w := multipart.NewWriter(&mp)
	for _, kv := range strings.Split(form, "&") {
		k, v, _ := strings.Cut(kv, "=")
		w.WriteField(k, v)
	}
	f, _ := w.CreateFormFile("avatar", "a.png")
	f.Write([]byte("png"))
	w.Close()
	for _, c := range []struct{ name, target, body, contentType string }{
		{"query", "/?" + strings.NewReplacer("[", "%5B", "]", "%5D").Replace(form), "", ""},
		{"form", "/", form, "application/x-www-form-urlencoded"},
		{"json", "/", js, "application/json; charset=utf-8"},
		{"multipart", "/", mp.String(), w.FormDataContentType()},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest("PATCH", c.target, strings.NewReader(c.body))
			if c.contentType != "" {
				r.Header.Set("Content-Type", c.contentType)
			}
			p, err := Read(r, withFiles(t, &mediatest.Blobs{}, 100))
			if err != nil {
				t.Fatal(err)
			}
			poll, _ := p.Sub("poll")
			source, _ := p.Sub("source")
			fields := p.List("fields_attributes")
			if len(fields) != 2 {
				t.Fatalf("fields %v", p.values["fields_attributes"])
			}
			_, emptyGiven := p.Text("empty")
			_, absent := p.Text("absent")
			got := fmt.Sprintln(p.Strings("media_ids"), poll.Strings("options"), source.String("privacy"),
				fields[0].String("name"), fields[0].String("value"), fields[1].String("name"), p.True("sensitive"), p.Strings("id"), p.Int("id", 0), emptyGiven, absent)
			if want := "[1 2] [a b] private n0 v0 n1 true [7] 7 true false\n"; got != want {
				t.Errorf("got %s", got)
			}
			if c.name == "multipart" && content(t, p.File("avatar")) != "png" {
				t.Error("the file is lost")
			}
		})
	}
}

func TestListOfMaps(t *testing.T) {
	r := httptest.NewRequest("POST", "/", strings.NewReader("k[][a]=1&k[][b]=x&k[][a]=2&k[][b]=y"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	p, err := Read(r, Bounds{Body: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	l := p.List("k")
	if len(l) != 2 || l[0].String("a")+l[0].String("b")+l[1].String("a")+l[1].String("b") != "1x2y" {
		t.Errorf("got %v", p.values)
	}
}

func TestBounds(t *testing.T) {
	for name, body := range map[string]string{
		"deep JSON": strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000), "not JSON": "{", "a list": "[1]",
		"large": `{"a":"` + strings.Repeat("x", 1<<20) + `"}`,
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		if _, err := Read(r, Bounds{Body: 1 << 20}); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("a[b][]=1&a[]=2", "application/x-www-form-urlencoded")
	f.Add(`{"a":[{"b":1}]}`, "application/json")
	f.Fuzz(func(t *testing.T, body, ct string) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", ct)
		blobs := &mediatest.Blobs{}
		p, err := Read(r, withFiles(t, blobs, 10))
		if err != nil && blobs.Unfinished() > 0 {
			t.Error("an upload is left")
		}
		if err == nil {
			for name := range p.values {
				p.Strings(name)
				p.List(name)
				p.Text(name)
			}
		}
	})
}

// multipartBody has the parts in this order: "name=value" or "name@file=bytes".
func multipartBody(t *testing.T, parts ...string) (body []byte, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		name, value, _ := strings.Cut(p, "=")
		name, file, isFile := strings.Cut(name, "@")
		var err error
		if isFile {
			var f io.Writer
			if f, err = w.CreateFormFile(name, file); err == nil {
				_, err = io.WriteString(f, value)
			}
		} else {
			err = w.WriteField(name, value)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	return b.Bytes(), w.FormDataContentType()
}

// Files and fields come in any order; each file is written as it comes.
func TestFiles(t *testing.T) {
	long := strings.Repeat("long ", 100_000)
	for name, c := range map[string]struct {
		parts        []string
		note, avatar string
		file         string
	}{
		"fields first":          {[]string{"note=n", "avatar@a.png=A"}, "n", "A", ""},
		"fields follow":         {[]string{"avatar@a.png=" + long, "note=n"}, "n", long, ""},
		"two":                   {[]string{"avatar@a.png=A", "note=n", "file@b.png=" + long}, "n", "A", long},
		"the same name":         {[]string{"avatar@a.png=first", "avatar@b.png=second", "note=n"}, "n", "second", ""},
		"one that nobody takes": {[]string{"evil@a.png=" + long, "note=n"}, "n", "", ""},
		"an empty one":          {[]string{"avatar@a.png=", "note=n"}, "n", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			body, ct := multipartBody(t, c.parts...)
			r := httptest.NewRequest("PATCH", "/", bytes.NewReader(body))
			r.Header.Set("Content-Type", ct)
			blobs := &mediatest.Blobs{}
			p, err := Read(r, withFiles(t, blobs, 1<<20))
			if err != nil {
				t.Fatal(err)
			}
			if p.String("note") != c.note || content(t, p.File("avatar")) != c.avatar || content(t, p.File("file")) != c.file {
				t.Errorf("note %q, %d bytes of avatar, %d of file", p.String("note"), len(content(t, p.File("avatar"))), len(content(t, p.File("file"))))
			}
			p.Discard()
			if n := blobs.Unfinished(); n != 0 {
				t.Errorf("%d uploads are left", n)
			}
		})
	}
}

// An upload that can't be taken leaves nothing, and says whose fault it is.
func TestFilesThatFail(t *testing.T) {
	body, ct := multipartBody(t, "file@first.png=first", "avatar@a.png="+strings.Repeat("x", 1<<20), "note=n")
	down := fault.Errorf(fault.Unavailable, "the database is away")
	for name, c := range map[string]struct {
		body io.Reader
		most int64
		fail error
		want fault.Kind
	}{
		"too large":               {bytes.NewReader(body), 1<<20 - 1, nil, fault.TooLarge},
		"cut off":                 {cutOff(body[:len(body)/2]), 1 << 20, nil, fault.Malformed},
		"cut off in a field":      {cutOff(body[:len(body)-80]), 1 << 20, nil, fault.Malformed},
		"nowhere to write it":     {bytes.NewReader(body), 1 << 20, down, fault.Unavailable},
		"beyond the bound of all": {http.MaxBytesReader(nil, io.NopCloser(bytes.NewReader(body)), 1<<19), 1 << 20, nil, fault.TooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("PATCH", "/", c.body)
			r.Header.Set("Content-Type", ct)
			blobs := &mediatest.Blobs{}
			bounds := withFiles(t, blobs, c.most)
			if c.fail != nil {
				bounds.Keep = func(max int64) media.Upload { return fullUpload{blobs.NewUpload(t.Context(), max), c.fail} }
			}
			if _, err := Read(r, bounds); fault.KindOf(err) != c.want {
				t.Errorf("%v, want kind %v", err, c.want)
			}
			if n := blobs.Unfinished(); n != 0 {
				t.Errorf("%d uploads are left", n)
			}
		})
	}
}

// cutOff is a body that ends before its time, as net/http gives it.
func cutOff(b []byte) io.Reader {
	return io.MultiReader(bytes.NewReader(b), iotest.ErrReader(io.ErrUnexpectedEOF))
}

// fullUpload can't be written to.
type fullUpload struct {
	media.Upload
	err error
}

func (u fullUpload) Write([]byte) (int, error) { return 0, u.err }
