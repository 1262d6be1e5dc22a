// Package media holds bytes that people see. A picture that is uploaded is
// decoded, turned upright, brought to its size and encoded anew, so that
// nothing but its pixels is kept: no metadata, no other file inside the file.
// Bytes are kept by their hash (Blobs), while the rows that refer to them, and
// the addresses under which they are served, are the store's. It renders no
// page and answers no HTTP. Read Blobs and Keeper.
package media

import (
	"bufio"
	"context"
	"fmt"
	"image"
	_ "image/gif"  // decoders for what may be uploaded
	_ "image/jpeg" //
	_ "image/png"  //
	"io"
	"math"
	"runtime/debug"
	"strings"
	"time"

	"kinglet/internal/fault"
	"kinglet/internal/semaphore"

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
	blobs     Blobs
	memory    *semaphore.Semaphore
	maxMemory int64
	decoding  *semaphore.Semaphore
}

// NewKeeper makes one. memory is held while a picture is decoded, beside
// others who need much (store.Memory); maxMemory is what decoding may take.
func NewKeeper(blobs Blobs, memory *semaphore.Semaphore, maxMemory int64) *Keeper {
	return &Keeper{blobs, memory, maxMemory, semaphore.New(semaphore.Options{Places: 1, Waiting: 4, Wait: 10 * time.Second})}
}

// Picture is one that is kept.
type Picture struct {
	Blob string // hash
	Ext  string // of a file's name, with its dot
}

// Keep decodes a picture, brings it to a shape and keeps it. Invalid says what
// is wrong with it, and semaphore.Busy is the error when too many wait. size
// is how many bytes src gives.
func (k *Keeper) Keep(ctx context.Context, src io.ReadSeeker, size int64, shape Shape) (*Picture, error) {
	picture, opaque, err := k.decode(ctx, src, size, shape)
	if err != nil {
		return nil, err
	}
	format, mediaType, ext := imaging.PNG, "image/png", ".png"
	if opaque {
		format, mediaType, ext = imaging.JPEG, "image/jpeg", ".jpg"
	}
	upload := k.blobs.NewUpload(ctx, math.MaxInt64)
	defer upload.Discard()
	if err := imaging.Encode(upload, picture, format, imaging.JPEGQuality(88)); err != nil {
		return nil, fmt.Errorf("encode the picture: %w", err)
	}
	b, err := upload.Keep(mediaType)
	if err != nil {
		return nil, err
	}
	return &Picture{b.Hash, ext}, nil
}

func (k *Keeper) decode(ctx context.Context, src io.ReadSeeker, size int64, shape Shape) (picture *image.NRGBA, opaque bool, err error) {
	release, err := k.decoding.Acquire(ctx, semaphore.Trusted)
	if err != nil {
		return nil, false, err
	}
	defer release()
	done, err := k.memory.Acquire(ctx, semaphore.Trusted)
	if err != nil {
		return nil, false, err
	}
	defer done()
	picture, opaque, err = decode(src, size, shape, k.maxMemory)
	// The next picture must not find this one's memory still in use.
	debug.FreeOSMemory()
	return picture, opaque, err
}

// headSize is how much of a file is looked at for what its decoder will need.
const headSize = 1 << 20

// decode reads a picture of one of the Types and brings it to a shape, bounded
// in pixels and memory: of the file itself little is in memory at a time. A
// decoder that panics over a stranger's bytes is an Invalid picture
// (SECURITY-RULES 29).
func decode(src io.ReadSeeker, size int64, shape Shape, maxMemory int64) (picture *image.NRGBA, opaque bool, err error) {
	in := &source{ReadSeeker: src}
	defer func() {
		if p := recover(); p != nil {
			err = fault.Errorf(fault.Invalid, "Validation failed: the picture can't be read")
		}
		if in.err != nil { // the file is not to blame
			err = fmt.Errorf("read the picture: %w", in.err)
		}
	}()
	head := make([]byte, min(size, headSize))
	if _, err := io.ReadFull(in, head); err != nil {
		return nil, false, fmt.Errorf("read the picture: %w", err)
	}
	file := func() (io.Reader, error) {
		_, err := in.Seek(0, io.SeekStart)
		return bufio.NewReader(in), err
	}
	r, err := file()
	if err != nil {
		return nil, false, err
	}
	conf, format, err := image.DecodeConfig(r)
	if err != nil || !strings.Contains(" jpeg png gif webp ", " "+format+" ") {
		return nil, false, fault.Errorf(fault.Invalid, "Validation failed: the picture is not a JPEG, PNG, GIF or WebP")
	}
	if conf.Width <= 0 || conf.Height <= 0 || conf.Width > maxPixels/conf.Height {
		return nil, false, fault.Errorf(fault.Invalid, "Validation failed: the picture has more than %d million pixels", maxPixels>>20)
	}
	need := decodedSize(head, conf, format)
	if format == "webp" {
		need += size // its decoder reads the file into memory
	}
	if need > maxMemory {
		return nil, false, fault.Errorf(fault.Invalid, "Validation failed: the picture takes %d MB to decode, the limit is %d MB: make it smaller", need>>20, maxMemory>>20)
	}
	if r, err = file(); err != nil {
		return nil, false, err
	}
	decoded, _, err := image.Decode(r)
	if err != nil {
		return nil, false, fault.Errorf(fault.Invalid, "Validation failed: the picture can't be read")
	}
	orientation := 1
	if h, ok := readJPEGHeader(head); ok && format == "jpeg" {
		orientation = h.orientation
	}
	o, ok := decoded.(interface{ Opaque() bool })
	return fit(decoded, orientation, shape), ok && o.Opaque(), nil
}

// source notes why a file could not be read to its end.
type source struct {
	io.ReadSeeker
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.ReadSeeker.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}
