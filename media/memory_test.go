package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/color/palette"
	"image/gif"
	"image/jpeg"
	"image/png"
	"runtime"
	"strings"
	"testing"

	"kinglet/internal/background"
	"kinglet/internal/fault"
	"kinglet/internal/semaphore"
	"kinglet/store"
	"kinglet/store/storetest"
)

func encodePNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func encodeJPEG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func newKeeper(s *store.Store) *Keeper {
	return NewKeeper(InStore(s), Limits{Bytes: 48 << 20, Memory: s.Memory(), Background: background.New()})
}

func decodeBytes(data []byte, shape Shape, maxMemory int64) (picture image.Image, opaque bool, err error) {
	return decode(bytes.NewReader(data), int64(len(data)), shape, maxMemory, func() {})
}

// allocated is how many bytes fn allocates.
func allocated(fn func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// What a picture is said to take is what it takes, and bringing it to its
// shape takes little more.
func TestDecodedSize(t *testing.T) {
	r := image.Rect(0, 0, 2000, 1500)
	translucent := image.NewNRGBA(r)
	deep := image.NewNRGBA64(r)
	deep.Set(0, 0, color.NRGBA64{1, 2, 3, 4})
	var animation bytes.Buffer
	if err := gif.Encode(&animation, image.NewPaletted(r, palette.Plan9), nil); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		size int64 // of a pixel, in half bytes
	}{
		"grey PNG": {encodePNG(t, image.NewGray(r)), 2}, "PNG of 16 bits": {encodePNG(t, deep), 16},
		"PNG": {encodePNG(t, translucent), 8}, "PNG with a palette": {encodePNG(t, image.NewPaletted(r, palette.Plan9)), 2},
		"JPEG": {encodeJPEG(t, image.NewRGBA(r)), 3}, "grey JPEG": {encodeJPEG(t, image.NewGray(r)), 2}, "GIF": {animation.Bytes(), 4},
	} {
		conf, format, err := image.DecodeConfig(bytes.NewReader(c.data))
		if err != nil {
			t.Fatal(err)
		}
		said := decodedSize(c.data, conf, format)
		if said != int64(r.Dx()*r.Dy())*c.size/2 {
			t.Errorf("%s: %d bytes", name, said)
		}
		if took := allocated(func() { _, _, err = image.Decode(bytes.NewReader(c.data)) }); err != nil || took > said+1<<20 {
			t.Errorf("%s: it is said to take %d bytes, and takes %d, %v", name, said, took, err)
		}
		if took := allocated(func() { _, _, err = decodeBytes(c.data, Avatar, 48<<20) }); err != nil || took > said+8<<20 {
			t.Errorf("%s: with its shape it takes %d bytes, %v", name, took, err)
		}
		if _, _, err := decodeBytes(c.data, Avatar, said-1); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "decode") {
			t.Errorf("%s: over the limit: %v", name, err)
		}
	}
	// Interlaced, the passes are kept beside the picture.
	interlaced := encodePNG(t, translucent)
	interlaced[28] = 1
	if got := decodedSize(interlaced, image.Config{Width: 10, Height: 10, ColorModel: color.NRGBAModel}, "png"); got != 800 {
		t.Errorf("an interlaced PNG: %d", got)
	}
}

func TestJPEGHeader(t *testing.T) {
	for name, c := range map[string]struct {
		data string
		ok   bool
		size int // in half bytes
	}{
		"4:2:0":        {"\xff\xd8\xff\xc0\x00\x11\x08\x00\x01\x00\x01\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01\xff\xda\x00\x02", true, 3},
		"4:4:4":        {"\xff\xd8\xff\xc0\x00\x11\x08\x00\x01\x00\x01\x03\x01\x11\x00\x02\x11\x01\x03\x11\x01\xff\xda\x00\x02", true, 6},
		"progressive":  {"\xff\xd8\xff\xff\xc2\x00\x11\x08\x00\x01\x00\x01\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01\xff\xda\x00\x02", true, 15},
		"CMYK":         {"\xff\xd8\xff\xc0\x00\x14\x08\x00\x01\x00\x01\x04\x01\x11\x00\x02\x11\x01\x03\x11\x01\x04\x11\x00\xff\xda\x00\x02", true, 16},
		"no frame":     {"\xff\xd8\xff\xda\x00\x02", false, 0},
		"short frame":  {"\xff\xd8\xff\xc0\x00\x08\x08\x00\x01\x00\x01\x03\xff\xda\x00\x02", false, 0},
		"garbage":      {"\xff\xd8garbage\xff\xc0\x00\x11\x08\x00\x01\x00\x01\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01\xff\xda\x00\x02", false, 0},
		"no scan":      {"\xff\xd8\xff\xc0\x00\x11\x08\x00\x01\x00\x01\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01", false, 0},
		"nothing":      {"", false, 0},
		"long segment": {"\xff\xd8\xff\xe1\xff\xff", false, 0},
	} {
		h, ok := readJPEGHeader([]byte(c.data))
		if ok != c.ok || ok && h.halfBytesPerPixel() != c.size {
			t.Errorf("%s: %+v %v, %d", name, h, ok, h.halfBytesPerPixel())
		}
	}
	conf := image.Config{Width: 10, Height: 10, ColorModel: color.YCbCrModel}
	if got := decodedSize([]byte("\xff\xd8garbage"), conf, "jpeg"); got != 2400 {
		t.Errorf("a JPEG whose header can't be read: %d", got)
	}
}

// Resampled before they are cut, they would be made 400 times as large.
func TestThinPictures(t *testing.T) {
	for name, r := range map[string]image.Rectangle{"high": image.Rect(0, 0, 2, 1<<22), "wide": image.Rect(0, 0, 1<<22, 2)} {
		data := encodePNG(t, image.NewGray(r))
		var picture image.Image
		var err error
		if took := allocated(func() { picture, _, err = decodeBytes(data, Header, 48<<20) }); err != nil || took > 40<<20 {
			t.Fatalf("%s: %d bytes, %v", name, took, err)
		}
		if b := picture.Bounds(); b.Dx() != 1500 || b.Dy() != 500 {
			t.Errorf("%s: %v", name, b)
		}
	}
}

func TestOrientation(t *testing.T) {
	// Red at the top left, in a picture that is wider than high.
	src := image.NewRGBA(image.Rect(0, 0, 160, 80))
	for y := range 80 {
		for x := range 160 {
			src.Set(x, y, color.White)
			if x < 80 && y < 40 {
				src.Set(x, y, color.RGBA{255, 0, 0, 255})
			}
		}
	}
	plain := encodeJPEG(t, src)
	for o, want := range map[int]image.Point{1: {0, 0}, 2: {1, 0}, 3: {1, 1}, 4: {0, 1}, 5: {0, 0}, 6: {1, 0}, 7: {1, 1}, 8: {0, 1}} {
		for _, order := range []binary.ByteOrder{binary.BigEndian, binary.LittleEndian} {
			picture, _, err := decodeBytes(withExif(plain, order, uint16(o)), Shape{100, 100}, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			for y := range 2 {
				for x := range 2 {
					_, g, _, _ := picture.At(5+90*x, 5+90*y).RGBA()
					if red := g < 0x8000; red != (want == image.Pt(x, y)) {
						t.Errorf("orientation %d, %v: red at %d, %d is %v", o, order, x, y, red)
					}
				}
			}
		}
	}
}

func withExif(data []byte, order binary.ByteOrder, orientation uint16) []byte {
	tiff := []byte("MM\x00*\x00\x00\x00\x08")
	if order == binary.LittleEndian {
		tiff = []byte("II*\x00\x08\x00\x00\x00")
	}
	put := func(v uint16) { tiff = append(tiff, 0, 0); order.PutUint16(tiff[len(tiff)-2:], v) }
	put(2) // entries
	for _, entry := range [][2]uint16{{0x0100, 1}, {0x0112, orientation}} {
		put(entry[0])
		put(3) // SHORT
		tiff = append(tiff, 0, 0, 0, 0)
		order.PutUint32(tiff[len(tiff)-4:], 1)
		put(entry[1])
		put(0)
	}
	segment := append([]byte("Exif\x00\x00"), tiff...)
	head := []byte{0xff, 0xd8, 0xff, 0xe1, 0, byte(len(segment) + 2)}
	return append(append(head, segment...), data[2:]...)
}

func TestOnePictureAtATime(t *testing.T) {
	keeper := newKeeper(storetest.SQLite(t))
	data := encodePNG(t, image.NewGray(image.Rect(0, 0, 10, 10)))
	release, err := keeper.decoding.Acquire(t.Context(), "another picture")
	if err != nil {
		t.Fatal(err)
	}
	results := make(chan error)
	for range 12 {
		go func() {
			_, err := keeper.Keep(t.Context(), bytes.NewReader(data), int64(len(data)), Avatar)
			results <- err
		}()
	}
	for range 8 {
		if err := <-results; !errors.Is(err, semaphore.Busy) {
			t.Fatal("more than four wait: ", err)
		}
	}
	select {
	case err := <-results:
		t.Error("one was decoded beside another: ", err)
	default:
	}
	release()
	for range 4 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

func TestPixelsAreBounded(t *testing.T) {
	for side, says := range map[uint32]string{16_000: "million pixels", 65_536: "the picture"} { // more than 32 bits count is no PNG to some
		data := encodePNG(t, image.NewGray(image.Rect(0, 0, 1, 1)))
		binary.BigEndian.PutUint32(data[16:], side) // by its header
		binary.BigEndian.PutUint32(data[20:], side)
		binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(data[12:29]))
		if _, _, err := decodeBytes(data, Avatar, 1<<60); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), says) {
			t.Errorf("%d pixels square: %v", side, err)
		}
	}
}
