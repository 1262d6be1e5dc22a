package signature

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// coveredHeaders is the set of headers that the signature covers, each of them
// once in the request.
func coveredHeaders(r *http.Request, list string) (map[string]bool, error) {
	covered := map[string]bool{}
	for _, h := range strings.Fields(strings.ToLower(list)) {
		if covered[h] {
			return nil, fmt.Errorf("the signature covers %q twice", h)
		}
		covered[h] = true
		switch h {
		case "(request-target)", "(created)", "(expires)":
			continue
		case "host": // net/http takes it from the headers, and refuses two
			continue
		}
		if n := len(r.Header.Values(h)); n != 1 {
			return nil, fmt.Errorf("the signature covers %q, which is in the request %d times", h, n)
		}
	}
	if len(covered) == 0 {
		return nil, errors.New("the signature covers nothing")
	}
	for _, must := range []string{"(request-target)", "host"} {
		if !covered[must] {
			return nil, fmt.Errorf("the signature does not cover %s", must)
		}
	}
	return covered, nil
}

func (u Rules) checkHost(host string) error {
	if len(u.Hosts) == 0 {
		return nil
	}
	for _, h := range u.Hosts {
		if strings.EqualFold(host, h) {
			return nil
		}
	}
	return fmt.Errorf("the request is signed for the host %q, not for this one", host)
}

// checkTime requires a Date or (created) that is covered and close to now; if
// both are covered, both.
func (u Rules) checkTime(r *http.Request, p map[string]string, covered map[string]bool, now time.Time) error {
	if !covered["date"] && (u.Strict || !covered["(created)"]) {
		return errors.New("the signature covers no date")
	}
	if covered["date"] {
		if err := u.checkDate(r, now); err != nil {
			return err
		}
	}
	if covered["(created)"] {
		if strings.HasPrefix(p["algorithm"], "rsa") {
			return errors.New("(created) is not for " + p["algorithm"]) // draft-cavage-12 §2.3
		}
		at, err := unix(p["created"])
		if err != nil {
			return errors.New("invalid created parameter")
		}
		// The verifier of httpsig refuses what is over 10 s in the future of the
		// machine's clock, which is stricter.
		if err := u.checkClockSkew(at, now); err != nil {
			return err
		}
	}
	if e, there := p["expires"]; there || covered["(expires)"] {
		at, err := unix(e)
		if err != nil {
			return errors.New("invalid expires parameter")
		}
		if now.After(at) {
			return errors.New("the signature has expired")
		}
	}
	return nil
}

// checkDate requires a Date header that is close to now.
func (u Rules) checkDate(r *http.Request, now time.Time) error {
	at, err := http.ParseTime(r.Header.Get("Date"))
	if err != nil {
		return errors.New("invalid date")
	}
	return u.checkClockSkew(at, now)
}

func unix(s string) (time.Time, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	return time.Unix(n, 0), err
}

func (u Rules) checkClockSkew(at, now time.Time) error {
	past, ahead := cmp.Or(u.MaxAge, MaxAge), cmp.Or(u.Ahead, MaxFuture)
	if age := now.Sub(at); age > past || age < -ahead {
		return fmt.Errorf("the date %s is too far from now", at.UTC().Format(time.RFC3339))
	}
	return nil
}
