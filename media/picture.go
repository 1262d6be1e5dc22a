// Package media holds bytes that people see. A picture that is uploaded is
// decoded, turned upright, brought to its size and encoded anew, so that
// nothing but its pixels is kept: no metadata, no other file inside the file.
// Bytes are kept by their hash in the store and served under a name that is
// no one's to guess. It renders no page and answers no HTTP.
package media

import (
	"bytes"
	"context"
	"fmt"
	"image"
	_ "image/gif"  // decoders for what may be uploaded
	_ "image/jpeg" //
	_ "image/png"  //
	"runtime/debug"
	"strings"
	"time"

	"kinglet/internal/fault"
	"kinglet/internal/semaphore"
	"kinglet/store"

	"github.com/disintegration/imaging"
	_ "golang.org/x/image/webp" // the fourth
)

// Shape is what a picture is brought to, in pixels: it is cut to fit.
type Shape struct{ Width, Height int }

// The shapes of a profile's pictures, as Mastodon has them.
var (
	Avatar = Shape{400, 400}
	Header = Shape{1500, 500}
)

// Types are the media types that can be uploaded.
var Types = []string{"image/jpeg", "image/png", "image/gif", "image/webp"}

// maxPixels bounds a picture before it is decoded, whatever memory there is.
const maxPixels = 64 << 20

// Keeper keeps pictures. It decodes one at a time, within a bound of memory.
type Keeper struct {
	store     *store.Store
	maxMemory int64
	decoding  *semaphore.Semaphore
}

// NewKeeper makes one; maxMemory is what decoding a picture may take.
func NewKeeper(s *store.Store, maxMemory int64) *Keeper {
	return &Keeper{s, maxMemory, semaphore.New(semaphore.Options{Places: 1, Waiting: 4, Wait: 10 * time.Second})}
}

// Keep decodes a picture, brings it to a shape and keeps it; the path is what
// it is served under below /media/. Invalid says what is wrong with it, and
// semaphore.Busy is the error when too many wait.
func (k *Keeper) Keep(ctx context.Context, data []byte, shape Shape) (path string, err error) {
	encoded, mediaType, ext, err := k.encode(ctx, data, shape)
	if err != nil {
		return "", err
	}
	blob, err := k.store.PutBlob(ctx, bytes.NewReader(encoded), mediaType, int64(len(encoded)))
	if err != nil {
		return "", err
	}
	return blob.Hash + ext, nil
}

// encode gives a picture's pixels in a new file.
func (k *Keeper) encode(ctx context.Context, data []byte, shape Shape) (encoded []byte, mediaType, ext string, err error) {
	release, err := k.decoding.Acquire(ctx, semaphore.Trusted)
	if err != nil {
		return nil, "", "", err
	}
	defer release()
	done, err := k.store.Memory().Acquire(ctx, semaphore.Trusted)
	if err != nil {
		return nil, "", "", err
	}
	defer done()
	picture, opaque, err := decode(data, shape, k.maxMemory)
	// The next picture must not find this one's memory still in use.
	debug.FreeOSMemory()
	if err != nil {
		return nil, "", "", err
	}
	format := imaging.PNG
	mediaType, ext = "image/png", ".png"
	if opaque {
		format, mediaType, ext = imaging.JPEG, "image/jpeg", ".jpg"
	}
	var out bytes.Buffer
	if err := imaging.Encode(&out, picture, format, imaging.JPEGQuality(88)); err != nil {
		return nil, "", "", fmt.Errorf("encode the picture: %w", err)
	}
	return out.Bytes(), mediaType, ext, nil
}

// decode reads a picture of one of the Types and brings it to a shape, bounded
// in pixels and memory. A decoder that panics over a stranger's bytes is an
// Invalid picture (SECURITY-RULES 29).
func decode(data []byte, shape Shape, maxMemory int64) (picture image.Image, opaque bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.Errorf(fault.Invalid, "Validation failed: the picture can't be read")
		}
	}()
	conf, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || !strings.Contains(" jpeg png gif webp ", " "+format+" ") {
		return nil, false, fault.Errorf(fault.Invalid, "Validation failed: the picture is not a JPEG, PNG, GIF or WebP")
	}
	if conf.Width <= 0 || conf.Height <= 0 || conf.Width > maxPixels/conf.Height {
		return nil, false, fault.Errorf(fault.Invalid, "Validation failed: the picture has more than %d million pixels", maxPixels>>20)
	}
	if size := decodedSize(data, conf, format); size > maxMemory {
		return nil, false, fault.Errorf(fault.Invalid, "Validation failed: the picture takes %d MB to decode, the limit is %d MB: make it smaller", size>>20, maxMemory>>20)
	}
	decoded, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, false, fault.Errorf(fault.Invalid, "Validation failed: the picture can't be read")
	}
	orientation := 1
	if h, ok := readJPEGHeader(data); ok && format == "jpeg" {
		orientation = h.orientation
	}
	o, ok := decoded.(interface{ Opaque() bool })
	return fit(decoded, orientation, shape), ok && o.Opaque(), nil
}
