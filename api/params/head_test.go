package params

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"kinglet/internal/fault"
	"kinglet/media/mediatest"
)

// Beside its files nothing large of a multipart body is in memory: not the
// headers of its parts, and not the names of its fields.
func TestHeadsOfParts(t *testing.T) {
	header := func(n int) string { return "X: " + strings.Repeat("y", n) + "\r\n" }
	field := func(name, headers string) string {
		return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n" + headers + "\r\nv\r\n"
	}
	skipped := "--b\r\nContent-Disposition: form-data; name=\"other\"; filename=\"x\"\r\n\r\n" + strings.Repeat("z", 300<<10) + "\r\n"
	var names, few strings.Builder
	for i := range 100 {
		names.WriteString(field(fmt.Sprint(i, strings.Repeat("n", 20<<10)), ""))
		few.WriteString(field(fmt.Sprint(i), header(8<<10)))
	}
	for _, c := range []struct {
		name, body string
		kind       fault.Kind // "" is taken
		most       int        // bytes that are read
	}{
		{"long headers", field("a", header(2<<20)), fault.TooLarge, 200 << 10},
		{"many headers", field("a", strings.Repeat(header(1<<10), 2<<10)), fault.TooLarge, 200 << 10},
		{"long preamble", strings.Repeat("p\r\n", 1<<20) + field("a", ""), fault.TooLarge, 200 << 10},
		{"names", names.String(), fault.TooLarge, 1200 << 10},
		{"usual heads of many parts", few.String(), "", 2 << 20},
		{"after a file that is not taken", skipped + field("a", header(8<<10)), "", 1 << 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := strings.NewReader(c.body + "--b--\r\n")
			r := httptest.NewRequest("POST", "/", in)
			r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
			p, err := Read(r, withFiles(t, &mediatest.Blobs{}, 40<<20))
			if kind := fault.KindOf(err); err != nil && kind != c.kind || err == nil && c.kind != "" {
				t.Errorf("%v", err)
			}
			if read := int(in.Size()) - in.Len(); read > c.most {
				t.Errorf("%d bytes were read", read)
			}
			if err == nil && len(p.values) == 0 {
				t.Error("no field is read")
			}
		})
	}
}
