package respond

import (
	"io"
	"net/http"
	"time"
)

// ReadTime and WriteTime are the time that a request has: until its body is read, and until its answer is
// written. Routes with large bodies have more: see AllowUpload and AllowDownload.
const (
	ReadTime  = time.Minute
	WriteTime = 2 * time.Minute
)

// Deadlines gives each request the default deadlines.
func Deadlines(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := time.Now()
		deadlines{http.NewResponseController(w)}.set(now.Add(ReadTime), now.Add(WriteTime))
		next.ServeHTTP(w, r)
	})
}

// deadlines sets those of a request's connection.
type deadlines struct{ conn *http.ResponseController }

// A connection that does not support deadlines is a test's.
func (d deadlines) set(read, write time.Time) {
	_ = d.conn.SetReadDeadline(read)
	_ = d.conn.SetWriteDeadline(write)
}

// pace is the minimum speed of a large body: it may pause for so long, and has
// the default time plus what it takes at a number of bytes a second.
type pace struct {
	pause   time.Duration
	slowest int64
	now     func() time.Time
}

// defaultPace allows 40 MB at 0.5 Mbit/s, and ends half a minute after a client
// is stuck.
func defaultPace() pace { return pace{30 * time.Second, 64 << 10, time.Now} }

func (p pace) time(size int64) time.Duration {
	return time.Duration(size/p.slowest) * time.Second
}

// UploadTime is how long a body of so many bytes may take.
func UploadTime(size int64) time.Duration { return ReadTime + defaultPace().time(size) }

// AllowUpload extends the time for a request's body while data arrives.
func AllowUpload(w http.ResponseWriter, r *http.Request, within time.Duration) {
	defaultPace().upload(w, r, within)
}

func (p pace) upload(w http.ResponseWriter, r *http.Request, within time.Duration) {
	r.Body = &pacedBody{ReadCloser: r.Body, pace: p, deadlines: deadlines{http.NewResponseController(w)}, end: p.now().Add(within)}
}

// pacedBody extends the deadlines whenever data arrives.
type pacedBody struct {
	io.ReadCloser
	pace      pace
	deadlines deadlines
	end       time.Time
}

func (b *pacedBody) Read(p []byte) (int, error) {
	now := b.pace.now()
	b.deadlines.set(earlier(now.Add(b.pace.pause), b.end), b.end.Add(WriteTime))
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		// net/http goes on reading, to detect that the client disconnects, and ends
		// the request when that takes too long. After another error it would wait
		// for the rest of the body.
		now = b.pace.now()
		b.deadlines.set(now.Add(WriteTime), now.Add(WriteTime))
	}
	return n, err
}

// AllowDownload extends the time to write an answer of up to size bytes while
// the client reads it.
func AllowDownload(w http.ResponseWriter, size int64) http.ResponseWriter {
	return defaultPace().download(w, size)
}

func (p pace) download(w http.ResponseWriter, size int64) http.ResponseWriter {
	return &pacedWriter{ResponseWriter: w, pace: p, deadlines: deadlines{http.NewResponseController(w)}, end: p.now().Add(WriteTime + p.time(size))}
}

// pacedWriter extends the deadlines before each part of an answer. It has no
// ReadFrom, which would write all parts at once.
type pacedWriter struct {
	http.ResponseWriter
	pace      pace
	deadlines deadlines
	end       time.Time
}

func (w *pacedWriter) Write(p []byte) (int, error) {
	w.deadlines.set(w.end, earlier(w.pace.now().Add(w.pace.pause), w.end))
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *pacedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
