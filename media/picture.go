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
	"strings"

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

// maxPixels bounds a picture before it is decoded: 4 bytes each in memory.
const maxPixels = 24 << 20

// Keep decodes a picture, brings it to a shape and keeps it; the path is what
// it is served under below /media/. Invalid says what is wrong with it.
func Keep(ctx context.Context, s *store.Store, data []byte, shape Shape) (path string, err error) {
	picture, opaque, err := decode(data)
	if err != nil {
		return "", err
	}
	picture = imaging.Fill(picture, shape.Width, shape.Height, imaging.Center, imaging.Lanczos)
	format, mediaType, ext := imaging.PNG, "image/png", ".png"
	if opaque {
		format, mediaType, ext = imaging.JPEG, "image/jpeg", ".jpg"
	}
	var out bytes.Buffer
	if err := imaging.Encode(&out, picture, format, imaging.JPEGQuality(88)); err != nil {
		return "", fmt.Errorf("encode the picture: %w", err)
	}
	blob, err := s.PutBlob(ctx, bytes.NewReader(out.Bytes()), mediaType, int64(out.Len()))
	if err != nil {
		return "", err
	}
	return blob.Hash + ext, nil
}

// decode reads a picture of one of the Types, bounded in pixels. A decoder
// that panics over a stranger's bytes is an Invalid picture (SECURITY-RULES 29).
func decode(data []byte) (picture image.Image, opaque bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = store.Errorf(store.Invalid, "Validation failed: the picture can't be read")
		}
	}()
	conf, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || !strings.Contains(" jpeg png gif webp ", " "+format+" ") {
		return nil, false, store.Errorf(store.Invalid, "Validation failed: the picture is not a JPEG, PNG, GIF or WebP")
	}
	if conf.Width <= 0 || conf.Height <= 0 || conf.Width > maxPixels/conf.Height {
		return nil, false, store.Errorf(store.Invalid, "Validation failed: the picture has more than %d million pixels", maxPixels>>20)
	}
	picture, err = imaging.Decode(bytes.NewReader(data), imaging.AutoOrientation(true))
	if err != nil {
		return nil, false, store.Errorf(store.Invalid, "Validation failed: the picture can't be read")
	}
	o, ok := picture.(interface{ Opaque() bool })
	return picture, ok && o.Opaque(), nil
}
