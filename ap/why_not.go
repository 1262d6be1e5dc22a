package ap

import (
	"fmt"
	"slices"
	"strings"

	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// whyAccount is the story of an account.
func (s *Service) whyAccount(tx *store.Tx, a *store.Account) (*Story, error) {
	st := &Story{Says: fmt.Sprintf("The account @%s.", a.Acct())}
	st.fact("id: %s", a.URI)
	switch {
	case !a.DeletedAt.IsZero():
		st.Says = fmt.Sprintf("The account @%s, which was deleted on %s.", a.Acct(), when(a.DeletedAt))
	case a.SuspendedByUs:
		st.fact("an admin of this server suspended it")
	case a.SuspendedByOrigin:
		st.fact("its own server suspended it")
	}
	if !a.FetchedAt.IsZero() {
		st.fact("its profile was fetched %s", when(a.FetchedAt))
	}
	if a.MovedToURI != "" {
		st.fact("it has moved to %s", a.MovedToURI)
	}
	followers, err := tx.FollowersHere(a.ID)
	if err != nil {
		return nil, err
	}
	blocking, blocked, err := tx.BlocksHere(a.ID)
	if err != nil {
		return nil, err
	}
	for _, l := range []struct {
		what  string
		names []string
	}{{"followed here by", followers}, {"blocked here by", blocking}, {"blocks", blocked}} {
		if len(l.names) > 0 {
			st.fact("%s %s", l.what, listNames(l.names))
		}
	}
	if len(followers) == 0 && !a.Local() {
		st.fact("nobody here follows it: its posts come here only when they mention or answer somebody here")
	}
	came, err := tx.ArrivalsOf(a.URI, mostListed)
	if err != nil {
		return nil, err
	}
	for _, arrival := range slices.Backward(came) {
		line := lineOf(arrival)
		if arrival.Object != "" {
			line.Why = strings.TrimPrefix(line.Why+"; about "+arrival.Object, "; ")
		}
		st.CameIn = append(st.CameIn, line)
	}
	if a.Local() {
		if err := st.tellArrivals(tx, a.URI); err != nil {
			return nil, err
		}
		o := &store.Object{URI: a.URI, CreatedAt: s.Store.Now(), Local: true, IsStatus: true}
		return st, s.tellPublished(tx, st, o, a)
	}
	host := vocab.Host(a.URI)
	lane, dead, err := tx.Lane(host)
	switch {
	case err == nil && dead:
		st.fact("its server has not answered since %s: nothing more is sent there", when(lane.FailingSince))
	case err == nil:
		st.fact("its server did not answer lately; it is tried again %s: %s", when(lane.NotBefore), lane.Error)
	case !fault.Is(err, fault.NotFound):
		return nil, err
	}
	st.hint("`kinglet federation check @%s` asks its server.", a.Acct())
	return st, nil
}

// whyNotHere is the story of an address that leads to nothing that is here: what came
// about it, if anything did.
func (s *Service) whyNotHere(tx *store.Tx, uri string) (*Story, error) {
	if s.Config.IsOwn(uri) {
		return &Story{Says: "There never was such a post or activity on this server, or it is forgotten.", Facts: []string{"id: " + uri}}, nil
	}
	st := &Story{Says: "It is not here: this server never received it.", Facts: []string{"id: " + uri}}
	if err := st.tellArrivals(tx, uri); err != nil {
		return nil, err
	}
	if n := len(st.CameIn); n > 0 {
		switch last := st.CameIn[n-1]; last.Outcome {
		case store.Refused:
			st.Says = "It came, and was refused."
		case store.Ignored:
			st.Says = "It came, and was not kept: nobody here wants it."
		case store.Waiting:
			st.Says = "It came, and waits until something is fetched."
		default:
			st.Says = "It came, and did what is told below; it is no post."
		}
		return st, nil
	}
	return s.tellHost(tx, st, uri)
}

// whyUnknown is the story of what was never heard of.
func (s *Service) whyUnknown(tx *store.Tx, says, uri string) (*Story, error) {
	return s.tellHost(tx, &Story{Says: says}, uri)
}

// tellHost tells what else is known of the host of something that never came, and
// who would have had to ask for it.
func (s *Service) tellHost(tx *store.Tx, st *Story, uri string) (*Story, error) {
	host := vocab.Host(uri)
	if host == "" || s.Config.IsOwn(uri) {
		return st, nil
	}
	last, err := tx.ArrivalsFrom(host, []string{store.Accepted, store.Waiting, store.Ignored, store.Refused}, 1)
	if err != nil {
		return nil, err
	}
	followed, err := tx.FollowedOn(host, mostListed)
	if err != nil {
		return nil, err
	}
	if v := s.env.Policy.Host(host); v.Refused {
		st.fact("this server does not deal with %s: %s", host, v)
	}
	if len(last) > 0 {
		st.fact("%s was last heard of %s: %s %s", host, when(last[0].At), last[0].Type, last[0].Outcome)
	} else {
		st.fact("nothing came from %s in the last %s, or so long as is remembered", host, hours(s.Config.Retention.FederationLog))
	}
	if len(followed) > 0 {
		st.fact("followed here of %s: %s", host, strings.Join(followed, ", "))
	} else {
		st.fact("nobody here follows anybody of %s", host)
	}
	st.hint("A post comes here when somebody here follows its author (at the time when it was written), when it mentions or answers somebody here, or when somebody here opens its thread.")
	st.hint("Paste its address into the search of your app: it is fetched then, if its server gives it.")
	st.hint("`kinglet federation check %s` asks its server, step by step.", host)
	return st, nil
}
