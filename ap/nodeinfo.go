package ap

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"
)

// What a host's software understands is asked of its NodeInfo, when somebody here
// first needs to know it, and remembered.

const (
	nodeInfoFor     = 7 * 24 * time.Hour // how long an answer is remembered
	nodeInfoFailed  = time.Hour          // and that there was none
	nodeInfoTimeout = 3 * time.Second    // whoever needs it waits so long
)

// emojiReacts is the feature of those who read an EmojiReact (Pleroma, Akkoma and
// others); everybody else gets a Like with a content.
const emojiReacts = "pleroma_emoji_reactions"

// reacts reports whether the host of an actor says that it reads EmojiReact. What
// can't be found out is what was known before.
func (s *Service) reacts(ctx context.Context, actor string) bool {
	host := vocab.Host(actor)
	known, err := store.Read(ctx, s.Store, func(tx *store.Tx) (store.NodeInfo, error) {
		n, _, err := tx.NodeInfo(host)
		return n, err
	})
	now := s.Store.Now()
	if err != nil || known.Until.After(now) {
		return known.Reacts
	}
	asked, cancel := context.WithTimeout(ctx, nodeInfoTimeout)
	defer cancel()
	features, err := s.features(asked, actor)
	if err != nil {
		s.Log.Debug("NodeInfo", "host", host, "error", err)
	}
	if ctx.Err() != nil {
		return known.Reacts
	}
	n := store.NodeInfo{Host: host, Reacts: slices.Contains(features, emojiReacts), Until: now.Add(nodeInfoFor)}
	if err != nil {
		n.Reacts, n.Until = known.Reacts, now.Add(nodeInfoFailed)
	}
	if err := s.Store.Update(ctx, func(tx *store.Tx) error { return tx.PutNodeInfo(n) }); err != nil {
		s.Log.Debug("NodeInfo", "host", host, "error", err)
	}
	return n.Reacts
}

// nodeInfoRelation is what the relations of NodeInfo's documents begin with, up to
// the minor version.
const nodeInfoRelation = "http://nodeinfo.diaspora.software/ns/schema/2."

// features are what the NodeInfo of an actor's host has in metadata.features. The
// document is on the host itself (FEP-0151 follows links anywhere; a stranger
// would choose what is asked).
func (s *Service) features(ctx context.Context, actor string) ([]string, error) {
	u, err := vocab.ParseURI(actor)
	if err != nil {
		return nil, err
	}
	root := u.Scheme + "://" + u.Host
	var found struct {
		Links []struct {
			Rel  string `json:"rel"`
			Href string `json:"href"`
		} `json:"links"`
	}
	if err := s.apiGet(ctx, root+"/.well-known/nodeinfo", &found); err != nil {
		return nil, err
	}
	best, href := "", ""
	for _, l := range found.Links[:min(len(found.Links), maxLinks)] {
		if strings.HasPrefix(l.Rel, nodeInfoRelation) && l.Rel > best && vocab.SameOrigin(l.Href, root) {
			best, href = l.Rel, l.Href
		}
	}
	if href == "" {
		return nil, fault.Errorf(fault.NotFound, "%s has no NodeInfo of version 2", root)
	}
	var info struct {
		Metadata json.RawMessage `json:"metadata"` // an object, or an empty list
	}
	if err := s.apiGet(ctx, href, &info); err != nil {
		return nil, err
	}
	var metadata struct {
		Features []string `json:"features"`
	}
	_ = json.Unmarshal(info.Metadata, &metadata) // in whatever other form there are none
	return metadata.Features, nil
}
