package ap

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"sync"

	"kinglet/store"
)

// followersHeader is the header of FEP-8fcf, which a delivery to followers has:
// it says which of the followers are on the host that it goes to, by a digest.
const followersHeader = "Collection-Synchronization"

// followersDigest is the XOR of the SHA-256 of each follower's URI (FEP-8fcf): no
// order, and each can be added and taken out.
type followersDigest [sha256.Size]byte

func (d *followersDigest) add(uri string) {
	for i, b := range sha256.Sum256([]byte(uri)) {
		d[i] ^= b
	}
}

func (d followersDigest) String() string { return hex.EncodeToString(d[:]) }

// hostPrefix is the scheme and host of a URI as it is written, which decides
// whose follower somebody is.
func hostPrefix(uri string) string {
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok {
		return ""
	}
	host, _, _ := strings.Cut(rest, "/")
	return strings.ToLower(scheme + "://" + host)
}

// followersDigests remembers the digests of accounts here, for each host that has
// followers of theirs: a post to thousands of followers on hundreds of hosts reads
// them once, and the next one not at all, unless one was added or has left.
type followersDigests struct {
	mu   sync.Mutex
	byID map[store.AccountID]*hostDigests
}

type hostDigests struct {
	version int64
	byHost  map[string]followersDigest
}

// mostDigests is of how many accounts they are remembered.
const mostDigests = 64

// followersDigestAt is the digest of the followers of an account here on the host
// of a URI, of the set of followers that has a version.
func (s *Service) followersDigestAt(ctx context.Context, account store.AccountID, version int64, uri string) (followersDigest, error) {
	d := &s.followers
	d.mu.Lock()
	defer d.mu.Unlock() // who needs the same waits for it
	known := d.byID[account]
	if known == nil || known.version != version {
		var err error
		if known, err = s.readDigests(ctx, account); err != nil {
			return followersDigest{}, err
		}
		if d.byID == nil || len(d.byID) >= mostDigests {
			d.byID = map[store.AccountID]*hostDigests{}
		}
		d.byID[account] = known
	}
	return known.byHost[hostPrefix(uri)], nil
}

func (s *Service) readDigests(ctx context.Context, account store.AccountID) (*hostDigests, error) {
	read := &hostDigests{byHost: map[string]followersDigest{}}
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		if read.version, err = tx.FollowersVersion(account); err != nil {
			return err
		}
		return tx.FollowerURIs(account, func(uri string) {
			host := hostPrefix(uri)
			digest := read.byHost[host]
			digest.add(uri)
			read.byHost[host] = digest
		})
	})
	return read, err
}

// synchronization is the header of a delivery, "" for what is not only for
// followers.
func (s *Service) synchronization(ctx context.Context, out *store.Delivery, sender store.AccountID, inbox string) (string, error) {
	if out.Visibility != store.Private || out.Type != "Create" && out.Type != "Update" && out.Type != "Announce" {
		return "", nil
	}
	digest, err := s.followersDigestAt(ctx, sender, out.FollowersVersion, inbox)
	if err != nil {
		return "", err
	}
	name := out.Username
	return `collectionId="` + s.Config.FollowersURI(name) + `", url="` + s.Config.FollowersSyncURI(name) + `", digest="` + digest.String() + `"`, nil
}

// FollowersOnHost lists the followers of an account here that are on the host of
// an actor, for that host alone.
func (s *Service) FollowersOnHost(tx *store.Tx, account store.AccountID, actor string) (list []any, err error) {
	host := hostPrefix(actor)
	err = tx.FollowerURIs(account, func(uri string) {
		if hostPrefix(uri) == host {
			list = append(list, uri)
		}
	})
	return list, err
}
