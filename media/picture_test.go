package media

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"testing"

	"kinglet/internal/fault"
	"kinglet/store"
	"kinglet/store/storetest"
)

func TestKeep(t *testing.T) {
	s := storetest.SQLite(t)
	keeper := newKeeper(s)
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
		kept, err := keeper.Keep(t.Context(), bytes.NewReader(c.data), int64(len(c.data)), Avatar)
		if err != nil || kept.Ext != c.ext {
			t.Errorf("%s: %+v %v", name, kept, err)
			continue
		}
		var row *store.Blob
		if err := s.View(t.Context(), func(tx *store.Tx) (err error) { row, err = tx.Blob(kept.Blob); return err }); err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(s.OpenBlob(t.Context(), row))
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
		if _, err := keeper.Keep(t.Context(), bytes.NewReader(data), int64(len(data)), Avatar); !fault.Is(err, fault.Invalid) {
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
			_, _, _ = decodeBytes(data, Avatar, 1<<20)
		}
	})
}

// failing is a file of which only so many bytes can be read in all.
type failing struct {
	io.ReadSeeker
	left int
}

var errFailing = errors.New("the database is away")

func (f *failing) Read(p []byte) (int, error) {
	if f.left <= 0 {
		return 0, errFailing
	}
	n, err := f.ReadSeeker.Read(p[:min(len(p), 1024)])
	f.left -= n
	return n, err
}

// An error of the database is not reported as an invalid picture.
func TestDatabaseFailsWhileDecoding(t *testing.T) {
	data := encodePNG(t, translucentNoise(200))
	if _, _, err := decode(&failing{bytes.NewReader(data), len(data) + 8192}, int64(len(data)), Avatar, 1<<30, func() {}); !errors.Is(err, errFailing) || fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
}

func translucentNoise(side int) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, side, side))
	for i := range img.Pix {
		img.Pix[i] = byte(i * i >> 3)
	}
	return img
}
