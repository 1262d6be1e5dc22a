package params

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http/httptest"
	"strings"
	"testing"
)

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
			p, err := Read(r, Bounds{Body: 1 << 20, File: 100, Files: []string{"avatar", "file"}})
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
			if c.name == "multipart" && string(p.File("avatar").Data) != "png" {
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
		if p, err := Read(r, Bounds{Body: 1 << 20, File: 10, Files: []string{"file"}}); err == nil {
			for name := range p.values {
				p.Strings(name)
				p.List(name)
				p.Text(name)
			}
		}
	})
}
