package media

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"

	"kinglet/internal/fault"
	"kinglet/store/storetest"
)

func TestKeep(t *testing.T) {
	s := storetest.SQLite(t)
	keeper := NewKeeper(s, 48<<20)
	src := image.NewNRGBA(image.Rect(0, 0, 60, 30))
	for i := range src.Pix {
		src.Pix[i] = 0xff
	}
	var solid, clear bytes.Buffer
	if err := png.Encode(&solid, src); err != nil {
		t.Fatal(err)
	}
	src.Set(3, 3, color.NRGBA{})
	if err := png.Encode(&clear, src); err != nil {
		t.Fatal(err)
	}
	// A JPEG with a comment inside: it must not survive.
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, src, nil); err != nil {
		t.Fatal(err)
	}
	secret := append(append([]byte{0xff, 0xd8, 0xff, 0xfe, 0, 10}, "SECRET!!"...), photo.Bytes()[2:]...)
	for name, c := range map[string]struct {
		data []byte
		ext  string
	}{"opaque": {solid.Bytes(), ".jpg"}, "transparent": {clear.Bytes(), ".png"}, "with a comment": {secret, ".jpg"}} {
		path, err := keeper.Keep(t.Context(), c.data, Avatar)
		if err != nil || !strings.HasSuffix(path, c.ext) {
			t.Errorf("%s: %s %v", name, path, err)
			continue
		}
		r, err := s.BlobReader(t.Context(), strings.TrimSuffix(path, c.ext))
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil || bytes.Contains(b, []byte("SECRET")) {
			t.Errorf("%s: the comment is kept, or %v", name, err)
		}
		if conf, _, err := image.DecodeConfig(bytes.NewReader(b)); err != nil || conf.Width != 400 || conf.Height != 400 {
			t.Errorf("%s: %v %v", name, conf, err)
		}
	}
	huge := append([]byte{}, solid.Bytes()...)
	copy(huge[16:], []byte{0, 1, 0, 0, 0, 1, 0, 0}) // 65536 x 65536 by its header
	for name, data := range map[string][]byte{
		"text": []byte("<svg onload=alert(1)>"), "nothing": nil, "half": solid.Bytes()[:solid.Len()/2], "huge": huge,
		"TIFF": []byte("II*\x00\x08\x00\x00\x00\x00\x00"),
	} {
		if _, err := keeper.Keep(t.Context(), data, Avatar); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, 2, 2)))
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 1<<12 {
			_, _, _ = decode(data, Avatar, 1<<20)
		}
	})
}
