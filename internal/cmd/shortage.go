package cmd

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"kinglet/api/respond"
	"kinglet/internal/auth"
	"kinglet/internal/config"
	"kinglet/internal/memory"
	"kinglet/internal/ratelimit"
	"kinglet/store"
)

// shortage refuses strangers while memory is short, before anything is read or
// looked up for them: inbox posts (which their senders repeat), documents, pages
// and public timelines. Whoever signs in, or is signed in, is served.
type shortage struct {
	memory  *memory.Watch
	auth    *auth.Service
	session func(r *http.Request) bool // is of a signed-in user
	config  *config.Config
	// seen are addresses that signed-in users came from lately: their apps ask
	// for pictures without a token.
	seen *ratelimit.Recent[struct{}]
}

const (
	// comeAgain is what Retry-After says.
	comeAgain = 30 * time.Second
	seenFor   = 10 * time.Minute
	mostSeen  = 1000
)

func (s *shortage) refuseStrangers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isSmall(r) || s.isOwners(r) || s.memory.Admit(memory.Stranger) {
			next.ServeHTTP(w, r)
			return
		}
		refuseShort(w)
	})
}

// isOwners reports whether a request may be one of somebody signed in, and, while
// memory is short, whether it is. They don't wait for a look at the memory.
func (s *shortage) isOwners(r *http.Request) bool {
	short := s.memory.LastLevel() == memory.Short
	if r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "" {
		s.memory.LookSoon()
		return !short || s.isKnown(r)
	}
	return short && s.isPictureOfKnown(r)
}

// isSmall reports whether a request is answered from memory, or is a sign-in.
func isSmall(r *http.Request) bool {
	for _, p := range []string{"/auth/", "/oauth/", "/static/", "/health", "/favicon.ico", "/robots.txt"} {
		if strings.HasPrefix(r.URL.Path, p) {
			return true
		}
	}
	return r.Method == http.MethodOptions
}

// isKnown reports whether a request has a person's token, or session.
func (s *shortage) isKnown(r *http.Request) bool {
	address := s.config.ClientAddress(r)
	token, err := s.auth.Authenticate(r.Context(), auth.Credentials{Authorization: r.Header.Get("Authorization"), Address: address})
	if err != nil || token == nil || token.AccountID == 0 {
		if !s.session(r.WithContext(store.AsLookup(r.Context()))) {
			return false
		}
	}
	s.seen.Put(address, struct{}{}, seenFor)
	return true
}

func (s *shortage) isPictureOfKnown(r *http.Request) bool {
	_, seen := s.seen.Get(s.config.ClientAddress(r))
	return seen && strings.HasPrefix(r.URL.Path, "/media/")
}

// refuseShort is the answer for everyone alike; it is not logged, since the
// change of the level was.
func refuseShort(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Retry-After", strconv.Itoa(int(comeAgain.Seconds())))
	h.Set("Cache-Control", respond.NotKept)
	respond.JSON(w, http.StatusServiceUnavailable, map[string]string{"error": "The server is too busy to answer, try again in a moment"})
}
