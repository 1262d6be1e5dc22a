package respond

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// line is a connection of a certain speed, in simulated time: what is read or
// written takes its time, and fails once a deadline is over.
type line struct {
	http.ResponseWriter
	now         time.Time
	second      int64 // bytes
	stuckAfter  int64 // bytes; 0 never
	moved       int64
	read, write time.Time
}

func (l *line) SetReadDeadline(t time.Time) error  { l.read = t; return nil }
func (l *line) SetWriteDeadline(t time.Time) error { l.write = t; return nil }
func (l *line) Close() error                       { return nil }

func (l *line) move(n int, deadline time.Time) (int, error) {
	took := time.Duration(n) * time.Second / time.Duration(l.second)
	if l.stuckAfter > 0 && l.moved >= l.stuckAfter {
		took = time.Hour
	}
	if l.now.Add(took).After(deadline) {
		l.now = deadline
		return 0, os.ErrDeadlineExceeded
	}
	l.now = l.now.Add(took)
	l.moved += int64(n)
	return n, nil
}

func (l *line) Read(p []byte) (int, error)  { return l.move(min(len(p), 1460), l.read) }
func (l *line) Write(p []byte) (int, error) { return l.move(len(p), l.write) }

// What is slow passes, what is stuck or drips does not.
func TestPace(t *testing.T) {
	const size = 40 << 20
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, c := range map[string]struct {
		second, stuckAfter int64
		passes             bool
		most               time.Duration // until it ended
	}{
		"2 Mbit/s":           {2_000_000 / 8, 0, true, 3 * time.Minute},
		"0.6 Mbit/s":         {600_000 / 8, 0, true, 11 * time.Minute},
		"stuck at once":      {1 << 20, 1, false, time.Minute},
		"stuck in the midst": {1 << 20, size / 2, false, 2 * time.Minute},
		"drips":              {100, 0, false, 13 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			l := &line{ResponseWriter: httptest.NewRecorder(), now: start, second: c.second, stuckAfter: c.stuckAfter}
			p := defaultPace()
			p.now = func() time.Time { return l.now }
			r := httptest.NewRequest("POST", "/", nil)
			r.Body = l
			p.upload(l, r, UploadTime(size))
			_, err := io.CopyN(io.Discard, r.Body, size)
			if (err == nil) != c.passes || !c.passes && !errors.Is(err, os.ErrDeadlineExceeded) || l.now.Sub(start) > c.most {
				t.Errorf("upload: %v after %v", err, l.now.Sub(start))
			}
			if c.passes && l.write.Before(l.now.Add(WriteTime)) {
				t.Errorf("upload: its answer has until %v, now is %v", l.write, l.now)
			}
			*l = line{ResponseWriter: l.ResponseWriter, now: start, second: c.second, stuckAfter: c.stuckAfter}
			_, err = io.CopyN(p.download(l, size), zeros{}, size)
			if (err == nil) != c.passes || l.now.Sub(start) > c.most+time.Minute {
				t.Errorf("download: %v after %v", err, l.now.Sub(start))
			}
			if c.passes && l.read.Before(l.now) {
				t.Error("download: its request ended before it")
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// On a real connection: what pauses for less than it may is read to its end,
// though the server has a deadline that is over by then; what is stuck is not.
func TestDeadlinesOfConnection(t *testing.T) {
	const pause = 300 * time.Millisecond
	read := make(chan error, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The usual deadline is over when the third part comes.
		deadlines{http.NewResponseController(w)}.set(time.Now().Add(pause), time.Now().Add(pause))
		p := pace{pause, 1, time.Now}
		if r.URL.Path == "/upload" {
			p.upload(w, r, time.Hour)
		}
		_, err := io.Copy(io.Discard, r.Body)
		read <- err
		fmt.Fprint(w, "done")
	}))
	defer s.Close()
	send := func(path string, parts int, announced int) (answer string, err error) {
		t.Helper()
		c, dialErr := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if dialErr != nil {
			t.Fatal(dialErr)
		}
		defer c.Close()
		fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", path, announced)
		ticker := time.NewTicker(pause / 2)
		defer ticker.Stop()
		for range parts {
			<-ticker.C
			fmt.Fprint(c, "x")
		}
		err = <-read
		if resp, respErr := http.ReadResponse(bufio.NewReader(c), nil); respErr == nil {
			b, _ := io.ReadAll(resp.Body)
			answer = string(b)
		}
		return answer, err
	}
	if answer, err := send("/upload", 6, 6); err != nil || answer != "done" {
		t.Errorf("a slow upload: %q %v", answer, err)
	}
	if _, err := send("/upload", 2, 6); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a stuck upload: %v", err)
	}
	if _, err := send("/other", 6, 6); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a slow body elsewhere: %v", err)
	}
}

// Every request has the usual deadlines.
func TestUsualDeadlines(t *testing.T) {
	l := &line{ResponseWriter: httptest.NewRecorder()}
	before := time.Now()
	Deadlines(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if read, write := l.read.Sub(before), l.write.Sub(before); read < ReadTime || read > ReadTime+time.Minute || write < WriteTime || write > WriteTime+time.Minute {
			t.Errorf("%v to read, %v to write", read, write)
		}
	})).ServeHTTP(l, httptest.NewRequest("GET", "/", nil))
}
