package auth

import (
	"context"
	"strings"
	"time"

	"kinglet/internal/config"
	"kinglet/internal/fault"
	"kinglet/internal/ratelimit"
	"kinglet/store"
)

// SignInAttempt is one attempt to sign in.
type SignInAttempt struct {
	Name     string // or e-mail address, as typed
	Password string
	Address  string // of the client, as config.ClientAddress gives it
	Device   string // the secret that an earlier SignIn gave this browser, "" for none
	Session  string // the secret of the browser's session, which ends; "" for none
}

// SignedIn is the result of a successful attempt.
type SignedIn struct {
	Account *store.Account
	Device  string // the secret by which the browser is known from now on
	Session string // the secret of the new session, which lasts for retention.sessions
}

// signInLimits count wrong passwords. The counts of accounts and of their known
// browsers are separate from those of names that strangers enter, so that no
// number of names and addresses pushes an account's count out of memory.
type signInLimits struct{ accounts, strangers *ratelimit.Failures }

func newSignInLimits(now func() time.Time, c config.Limits) signInLimits {
	return signInLimits{failures(now, c), failures(now, c)}
}

var wrongPassword = fault.Errorf(fault.Unauthorized, "The name or the password is wrong")

// SignIn starts a session of the account with this name and password.
// Unauthorized otherwise, at the same cost whether there is such an account;
// RateLimited, without checking the password, after too many wrong ones.
//
// Strangers share one small number of attempts at an account, from any address.
// A browser and an address that signed in before have a number of their own, so
// that strangers' attempts do not lock the owner out.
func (s *Service) SignIn(ctx context.Context, a SignInAttempt) (*SignedIn, error) {
	c, err := s.signInAccount(ctx, a)
	if err != nil {
		return nil, err
	}
	reserved := s.reserve(c, a)
	if reserved.refused {
		reserved.release()
		return nil, tooMany("Too many wrong passwords", reserved.reset.Sub(s.store.Now()))
	}
	if c.knownDevice || c.knownAddress {
		ctx = store.AsKnown(ctx) // strangers do not hold the owner up
	}
	matches, err := VerifyPassword(ctx, s.store.Memory(), c.user.PasswordHash, a.Password)
	if err != nil {
		reserved.release() // nothing was judged
		return nil, err
	}
	if !matches || !c.account.Active() {
		return nil, wrongPassword
	}
	reserved.release()
	out := &SignedIn{Account: c.account, Device: a.Device, Session: NewSecret()}
	if !c.knownDevice {
		// Not the one that was sent: somebody else may have planted it.
		out.Device = NewSecret()
	}
	err = s.store.Update(ctx, func(tx *store.Tx) error { return s.startSession(tx, c.user, a, out) })
	if err != nil {
		return nil, err
	}
	return out, nil
}

// signInAccount is the account that an attempt names, and whether that account
// signed in from there before.
type signInAccount struct {
	account                   *store.Account
	user                      *store.User // without a password when there is no such account
	device, address           string      // as they are kept
	knownDevice, knownAddress bool
}

func (s *Service) signInAccount(ctx context.Context, a SignInAttempt) (*signInAccount, error) {
	c := &signInAccount{device: s.Sign("device", a.Device), address: s.Sign("address", a.Address)}
	err := s.store.View(ctx, func(tx *store.Tx) (err error) {
		c.account, c.user, err = s.find(tx, a.Name)
		if fault.Is(err, fault.NotFound) {
			c.account, c.user = &store.Account{}, &store.User{}
		} else if err != nil {
			return err
		}
		if c.knownDevice, err = tx.IsKnownDevice(c.account.ID, c.device); err != nil {
			return err
		}
		c.knownAddress, err = tx.IsKnownDevice(c.account.ID, c.address)
		return err
	})
	c.knownDevice, c.knownAddress = c.knownDevice && a.Device != "", c.knownAddress && a.Address != ""
	return c, err
}

// reserve counts an attempt as a wrong password until it is known to be right.
func (s *Service) reserve(c *signInAccount, a SignInAttempt) (reserved reservations) {
	id := c.account.ID
	switch {
	case c.knownDevice:
		reserved.add(s.signIns.accounts, ratelimit.SignInKnown, id.String()+" "+c.device)
	case c.knownAddress:
		reserved.add(s.signIns.accounts, ratelimit.SignInKnown, id.String()+" "+c.address)
	case id != 0:
		reserved.add(s.signIns.strangers, ratelimit.SignIn, a.Address)
		reserved.add(s.signIns.accounts, ratelimit.SignInTo, id.String())
	default:
		// An unknown name is counted too, or the limit would disclose which exist.
		reserved.add(s.signIns.strangers, ratelimit.SignIn, a.Address)
		reserved.add(s.signIns.strangers, ratelimit.SignInTo, strings.ToLower(strings.Join(strings.Fields(a.Name), " ")))
	}
	return reserved
}

// startSession writes the result of SignIn for a user, as it was when the
// password was verified.
func (s *Service) startSession(tx *store.Tx, user *store.User, a SignInAttempt, out *SignedIn) error {
	id := user.AccountID
	if err := tx.LockAccount(id); err != nil {
		return err
	}
	// A new password ends all sessions, including one that an old password,
	// verified a moment ago, is about to start.
	now, err := tx.User(id)
	if fault.Is(err, fault.NotFound) || err == nil && now.PasswordHash != user.PasswordHash {
		return wrongPassword
	}
	if err != nil {
		return err
	}
	if err := tx.PutKnownDevice(id, s.Sign("device", out.Device)); err != nil {
		return err
	}
	if a.Address != "" {
		if err := tx.PutKnownDevice(id, s.Sign("address", a.Address)); err != nil {
			return err
		}
	}
	if a.Session != "" {
		// Whoever planted it in the browser, it becomes invalid.
		if err := tx.DeleteSession(HashSecret(a.Session)); err != nil {
			return err
		}
	}
	if err := tx.PutSession(HashSecret(out.Session), id, tx.Now().Add(s.config.Retention.Sessions)); err != nil {
		return err
	}
	return tx.TouchSignIn(id)
}

// reservations are one attempt's, under several rules: all or none.
type reservations struct {
	list    []*ratelimit.Reservation
	refused bool
	reset   time.Time // when a refused one may be made
}

func (r *reservations) add(f *ratelimit.Failures, rule ratelimit.Rule, who string) {
	if r.refused {
		return
	}
	one, reset := f.Reserve(rule, who)
	if one == nil {
		r.refused, r.reset = true, reset
		return
	}
	r.list = append(r.list, one)
}

func (r *reservations) release() {
	for _, one := range r.list {
		one.Release()
	}
}
