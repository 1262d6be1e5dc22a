package memory

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// fake is a gauge whose garbage goes when it is collected.
type fake struct {
	uses              []Use
	reads, collected  int
	stays             bool // the garbage is none: it stays
	duringACollection func()
}

func (f *fake) Read() []Use { f.reads++; return f.uses }

func (f *fake) Collect() {
	f.collected++
	if f.duringACollection != nil {
		f.duringACollection()
	}
	for i := range f.uses {
		if f.stays {
			f.uses[i].Garbage = 0
			continue
		}
		f.uses[i].Bytes, f.uses[i].Garbage = f.uses[i].Bytes-f.uses[i].Garbage, 0
	}
}

type scene struct {
	*Watch
	gauge *fake
	clock time.Time
	log   bytes.Buffer
}

func newScene() *scene {
	s := &scene{gauge: &fake{}, clock: time.Unix(1_000_000, 0)}
	s.Watch = New(slog.New(slog.NewTextHandler(&s.log, nil)), s.gauge, func() time.Time { return s.clock })
	return s
}

// use sets what is used of 100 bytes.
func (s *scene) use(bytes int64) { s.gauge.uses = []Use{{Bytes: bytes, Limit: 100}} }

func TestLevels(t *testing.T) {
	for _, c := range []struct {
		name  string
		uses  []Use
		stays bool
		level Level
	}{
		{"no limit is known", nil, false, Enough},
		{"little", []Use{{50, 100, 0}}, false, Enough},
		{"just below the first", []Use{{849, 1000, 0}}, false, Enough},
		{"at the first", []Use{{850, 1000, 0}}, false, Scarce},
		{"just below the second", []Use{{949, 1000, 0}}, false, Scarce},
		{"at the second", []Use{{950, 1000, 0}}, false, Short},
		{"above the limit", []Use{{1200, 1000, 0}}, false, Short},
		{"the worst of several counts", []Use{{50, 100, 0}, {96, 100, 0}, {10, 100, 0}}, false, Short},
		{"garbage does not", []Use{{99, 100, 40}}, false, Enough},
		{"what is left without it does", []Use{{99, 100, 10}}, false, Scarce},
		{"what was thought to be garbage and is none does", []Use{{99, 100, 40}}, true, Short},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScene()
			s.gauge.uses, s.gauge.stays = c.uses, c.stays
			if got := s.Level(); got != c.level {
				t.Errorf("%s, want %s", got, c.level)
			}
		})
	}
}

// It is measured at most every 100 ms, and garbage is collected at most once a
// second, only when memory would be scarce with it.
func TestMeasuringIsBounded(t *testing.T) {
	s := newScene()
	s.use(84)
	ask := func(d time.Duration) {
		for end := s.clock.Add(d); s.clock.Before(end); s.clock = s.clock.Add(time.Millisecond) {
			s.Admit(Stranger)
		}
	}
	ask(time.Second)
	if s.gauge.reads != 10 || s.gauge.collected != 0 {
		t.Errorf("in a second it was read %d times, and garbage collected %d times", s.gauge.reads, s.gauge.collected)
	}
	s.gauge.reads = 0
	ask(time.Hour / 360)
	s.gauge.uses = []Use{{99, 100, 98}}
	s.gauge.stays = true
	ask(10 * time.Second)
	if s.gauge.collected != 10 {
		t.Errorf("garbage was collected %d times in 10 seconds", s.gauge.collected)
	}
}

// Between two collections what the last one found counts: new garbage refuses
// nobody.
func TestNewGarbageRefusesNobody(t *testing.T) {
	s := newScene()
	s.gauge.uses = []Use{{90, 100, 60}}
	if s.Level() != Enough || s.gauge.collected != 1 {
		t.Fatal(s.LastLevel(), s.gauge.collected)
	}
	s.clock = s.clock.Add(lookEvery)
	s.gauge.uses = []Use{{90, 100, 60}}
	if level := s.Level(); level != Enough || s.gauge.collected != 1 {
		t.Errorf("%s, after %d collections", level, s.gauge.collected)
	}
}

func TestWhatWaits(t *testing.T) {
	for _, c := range []struct {
		used                       int64
		crawls, pictures, stranger bool
	}{
		{50, true, true, true},
		{90, false, false, true},
		{96, false, false, false},
	} {
		s := newScene()
		s.use(c.used)
		for _, k := range []Kind{Crawl, Picture, Stranger} {
			s.Admit(k) // one of each is let through
		}
		if crawls, pictures, stranger := s.Admit(Crawl), s.Admit(Picture), s.Admit(Stranger); crawls != c.crawls || pictures != c.pictures || stranger != c.stranger {
			t.Errorf("at %d %%: crawls %v, pictures %v, strangers %v", c.used, crawls, pictures, stranger)
		}
	}
}

// However long memory is short, one of each kind is let through after a while.
func TestNothingWaitsForever(t *testing.T) {
	s := newScene()
	s.use(100)
	let := [kinds]int{}
	for range 600 { // a minute
		for k := range kinds {
			if s.Admit(k) {
				let[k]++
			}
		}
		s.clock = s.clock.Add(100 * time.Millisecond)
	}
	if want := [kinds]int{6, 2, 60}; let != want {
		t.Errorf("%v are let through in a minute, want %v", let, want)
	}
	s.use(10)
	s.clock = s.clock.Add(time.Second)
	for k := range kinds {
		for range 3 {
			if !s.Admit(k) {
				t.Errorf("kind %d waits although there is memory", k)
			}
		}
	}
}

// A change is logged, with what had to wait; a request is not.
func TestChangesAreLogged(t *testing.T) {
	s := newScene()
	s.use(100)
	for range 1000 {
		s.Admit(Stranger)
	}
	s.Admit(Crawl)
	s.Admit(Crawl)
	for range 100 { // it goes to and fro
		s.use(10)
		s.clock = s.clock.Add(lookEvery)
		s.Level()
		s.use(100)
		s.clock = s.clock.Add(lookEvery)
		s.Level()
	}
	var levels []string
	for line := range strings.Lines(s.log.String()) {
		_, about, _ := strings.Cut(line, "msg=memory ")
		levels = append(levels, strings.TrimSpace(about))
	}
	if len(levels) < 2 || len(levels) > 21 {
		t.Fatalf("%d lines in 20 s:\n%s", len(levels), s.log.String())
	}
	for i, want := range []string{
		"level=short before=enough used_percent=100 crawls_put_off=0 pictures_put_off=0 strangers_refused=0",
		"level=enough before=short used_percent=10 crawls_put_off=1 pictures_put_off=0 strangers_refused=999",
	} {
		if levels[i] != want {
			t.Errorf("%s, want %s", levels[i], want)
		}
	}
}

// Who asks while another looks does not wait for it.
func TestNobodyWaitsForALook(t *testing.T) {
	s := newScene()
	s.use(99)
	s.gauge.duringACollection = func() {
		if level := s.Level(); level != Enough { // as it was before
			t.Error(level)
		}
	}
	if level := s.Level(); level != Short {
		t.Error(level)
	}
}

func TestNoWatch(t *testing.T) {
	var w *Watch
	if w.Level() != Enough || w.LastLevel() != Enough || !w.Admit(Crawl) {
		t.Error("it knows of a limit")
	}
}

// What can't be given up counts, of each cgroup with a limit.
func TestCgroups(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"version 2": {map[string]string{
			"proc/self/cgroup":                           "0::/a/b\n",
			"sys/fs/cgroup/a/b/memory.max":               "1000\n",
			"sys/fs/cgroup/a/b/memory.current":           "900\n",
			"sys/fs/cgroup/a/b/memory.stat":              "anon 500\nfile 300\ninactive_file 200\nactive_file 100\nshmem 7\n",
			"sys/fs/cgroup/a/memory.max":                 "max\n",
			"sys/fs/cgroup/memory.high":                  "5000\n",
			"sys/fs/cgroup/memory.current":               "700\n",
			"sys/fs/cgroup/another/memory.current":       "1\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "1\n",
		}, "[600/1000 700/5000]"},
		"version 1": {map[string]string{
			"proc/self/cgroup": "4:memory:/a\n0::/\n",
			"sys/fs/cgroup/memory/a/memory.limit_in_bytes": "1000\n",
			"sys/fs/cgroup/memory/a/memory.usage_in_bytes": "900\n",
			"sys/fs/cgroup/memory/a/memory.stat":           "inactive_file 1\nactive_file 1\ntotal_inactive_file 20\ntotal_active_file 30\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes":   "9223372036854771712\n",
		}, "[850/1000]"},
		"none": {map[string]string{"proc/self/cgroup": "0::/\n"}, "[]"},
	} {
		root := tree(c.files)
		got := []string{}
		for _, g := range cgroups(root) {
			got = append(got, fmt.Sprint(g.used(root), "/", g.limit))
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}

// A clock that is set back does not stop the looks.
func TestClockIsSetBack(t *testing.T) {
	s := newScene()
	s.use(20)
	s.Level()
	s.clock = s.clock.Add(-time.Hour)
	s.use(99)
	if got := s.Level(); got != Short {
		t.Errorf("%s, want %s", got, Short)
	}
}
