// Package media stores the files that people see. An uploaded picture is
// decoded, rotated as its Exif says, cropped, resized and encoded again, so
// that only its pixels are kept: no metadata, no other file inside the file.
// Files are stored by their hash (Blobs), while the rows that refer to them,
// and their URLs, are in the store. The package renders no page and answers no
// HTTP. Read Blobs and Keeper.
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

	"kinglet/internal/background"
	"kinglet/internal/fault"
	"kinglet/internal/memory"
	"kinglet/internal/semaphore"

	"github.com/disintegration/imaging"
	_ "golang.org/x/image/webp" // the fourth
)

// Shape is the size of a stored picture, in pixels: others are cropped to its
// aspect.
type Shape struct{ Width, Height int }

// The shapes of a profile's pictures, as Mastodon has them.
var (
	Avatar = Shape{400, 400}
	Header = Shape{1500, 500}
)

// Types are the media types that can be uploaded.
var Types = []string{"image/jpeg", "image/png", "image/gif", "image/webp"}

// maxPixels limits a picture before it is decoded, whatever memory there is.
const maxPixels = 64 << 20

// Keeper stores pictures. It decodes one at a time, within a memory limit.
type Keeper struct {
	blobs    Blobs
	limits   Limits
	decoding *semaphore.Semaphore
}

// Limits are what decoding a picture has to wait for, and what it may take.
type Limits struct {
	Bytes      int64                // of memory
	Memory     *semaphore.Semaphore // held meanwhile, shared with other work that needs much (store.Memory)
	Watch      *memory.Watch        // how short memory is
	Background *background.Limit    // makes way for requests
}

// patience is how long a picture waits for others, and then for memory.
const patience = 10 * time.Second

// NewKeeper makes a Keeper.
func NewKeeper(blobs Blobs, limits Limits) *Keeper {
	return &Keeper{blobs, limits, semaphore.New(semaphore.Options{Places: 1, Waiting: 4, Wait: patience})}
}

// Picture is a stored picture.
type Picture struct {
	Blob string // hash
	Ext  string // of a file's name, with its dot
}

// Keep decodes a picture, crops and resizes it to a shape and stores it. An
// Invalid error says what is wrong with it, and semaphore.Busy is the error
// when too many wait. size is the length of src.
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
	if err := k.awaitMemory(ctx); err != nil {
		return nil, false, err
	}
	done, err := k.limits.Memory.Acquire(ctx, semaphore.Trusted)
	if err != nil {
		return nil, false, err
	}
	defer done()
	end, err := k.limits.Background.Begin(ctx)
	if err != nil {
		return nil, false, err
	}
	defer end()
	picture, opaque, err = decode(src, size, shape, k.limits.Bytes, k.makeWay(ctx))
	// The next picture must not find this one's memory still in use.
	debug.FreeOSMemory()
	return picture, opaque, err
}

// awaitMemory waits while memory is scarce, and then gives up: the client may try
// again.
func (k *Keeper) awaitMemory(ctx context.Context) error {
	for began := time.Now(); !k.limits.Watch.Admit(memory.Picture); {
		if time.Since(began) >= patience {
			return &fault.Error{Kind: fault.Unavailable, Message: "The server is short of memory, try again in a moment", RetryAfter: patience}
		}
		select {
		case <-time.After(lookAgain):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

const (
	// lookAgain is how often memory is looked at for a picture that waits.
	lookAgain = 500 * time.Millisecond
	// piece is for how long a decoder keeps a processor before it makes way.
	piece = 2 * time.Millisecond
)

// makeWay returns what a decoder calls often; it makes way for requests now and
// then.
func (k *Keeper) makeWay(ctx context.Context) func() {
	last := time.Now()
	return func() {
		if time.Since(last) >= piece {
			k.limits.Background.MakeWay(ctx)
			last = time.Now()
		}
	}
}

// headSize is how much of a file is read to estimate the memory of its decoder.
const headSize = 1 << 20

// decode decodes a picture of one of the Types and resizes it to a shape,
// within limits of pixels and memory: only a little of the file is in memory at
// a time. A decoder that panics on a stranger's bytes is an Invalid picture
// (SECURITY-RULES 29).
func decode(src io.ReadSeeker, size int64, shape Shape, maxMemory int64, makeWay func()) (picture *image.NRGBA, opaque bool, err error) {
	in := &source{ReadSeeker: src, makeWay: makeWay}
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
	return fit(decoded, orientation, shape, makeWay), ok && o.Opaque(), nil
}

// source records why a file could not be read to its end. A decoder makes way
// whenever it reads.
type source struct {
	io.ReadSeeker
	makeWay func()
	err     error
}

func (s *source) Read(p []byte) (int, error) {
	s.makeWay()
	n, err := s.ReadSeeker.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}
