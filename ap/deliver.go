package ap

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"kinglet/ap/activity"
	"kinglet/ap/vocab"
	"kinglet/internal/jobs"
	"kinglet/internal/outgoing"
	"kinglet/store"
)

// deliver delivers one activity to one inbox (ActivityPub §7.1), as it is now:
// what was retracted in the meantime is not delivered.
func (s *Service) deliver(ctx context.Context, args activity.DeliverArgs) error {
	current, leave := s.sending.join(args)
	defer leave()
	out, doc, err := s.outgoingActivity(ctx, current)
	if out == nil || err != nil {
		return err
	}
	keys, err := s.signerOf(args.Sender, out)
	if err != nil {
		return jobs.Permanent(fmt.Errorf("key of %s: %w", out.Username, err))
	}
	followers, err := s.synchronization(ctx, out, args.Sender, args.Inbox)
	if err != nil {
		return err
	}
	if err := s.post(ctx, args.Inbox, doc, keys, followers); err != nil {
		return err
	}
	s.log.delivered(s.Store.Now(), args)
	return nil
}

// post posts an activity to an inbox, signed with the keys, and with what it says
// of followers, if anything.
func (s *Service) post(ctx context.Context, inbox string, doc []byte, keys signer, followers string) error {
	var ours error // what kept us from asking
	resp, err := s.askSigned(ctx, inbox, true, keys.ed25519 != nil, func(message bool) (*outgoing.Response, error) {
		// Not in the time of the request: whoever waits here waits for us, not for
		// the host.
		signed, err := s.background.Begin(ctx)
		if err != nil {
			ours = err
			return nil, err
		}
		defer signed()
		return s.client.Do(ctx, outgoing.Request{
			URL: inbox, Body: doc, ContentType: vocab.ContentType, MaxBytes: 64 << 10,
			Sign: func(r *http.Request) error {
				defer signed()
				if followers != "" {
					r.Header.Set(followersHeader, followers)
				}
				return keys.sign(r, doc, message, s.Store.Now())
			},
		})
	})
	if ours != nil {
		return ours
	}
	if errors.Is(err, outgoing.ErrTooLarge) {
		return nil // it was answered, at length: sent again, it might count twice
	}
	if outgoing.IsRefused(err) {
		return jobs.Permanent(err)
	}
	if err != nil {
		return jobs.HostDown(vocab.Host(inbox), err, 0)
	}
	if resp.Status == http.StatusGone {
		if err := s.inboxGone(ctx, inbox); err != nil {
			return err
		}
	}
	return s.deliveryOutcome(inbox, resp)
}

// signerOf has the keys of an account here, of which the RSA key must be there.
func (s *Service) signerOf(sender store.AccountID, out *store.Delivery) (keys signer, err error) {
	key, err := s.privateKeys.parse(sender, out.SenderPrivateKey)
	if err != nil {
		return keys, err
	}
	keys = signer{keyID: out.KeyID, ed25519ID: s.Config.Ed25519KeyID(out.Username), rsa: key}
	if out.SenderEd25519Key != "" {
		keys.ed25519, err = s.privateKeys.parseEd25519(sender, out.SenderEd25519Key)
	}
	return keys, err
}

// deliveryOutcome interprets the response of an inbox: a refusal is permanent,
// a failure is retried.
func (s *Service) deliveryOutcome(inbox string, resp *outgoing.Response) error {
	err := fmt.Errorf("%s answers %d", inbox, resp.Status)
	switch {
	case isOverloaded(resp.Status):
		return jobs.HostDown(vocab.Host(inbox), err, retryAfter(resp.Header, s.Store.Now()))
	case resp.Status == http.StatusRequestTimeout, resp.Status == http.StatusUnauthorized:
		return err // 401: perhaps they could not fetch our key just now
	case resp.Status < 300:
		return nil
	case resp.Status < 500:
		return jobs.Permanent(err)
	}
	return err
}

// retryAfter reads a Retry-After, seconds or a date, up to a day.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	wait := time.Duration(0)
	if n, err := strconv.Atoi(text); err == nil {
		wait = time.Duration(min(n, 24*60*60)) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), 24*time.Hour)
}
