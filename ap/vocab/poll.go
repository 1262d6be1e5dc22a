package vocab

// A Question as it is really sent: Mastodon, Misskey and GoToSocial count the
// voters, Pleroma lists them; closed is a time, or only that it is
// (ActivityStreams Vocabulary, closed); the votes of a choice are the items of
// its replies, of Misskey's older ones _misskey_votes.

const maxPollOptions = 64

func pollOf(m Document) Poll {
	p := Poll{Ends: timeOf(m["endTime"]), Closed: timeOf(m["closed"]), Voters: Count(m["votersCount"])}
	p.IsClosed = !p.Closed.IsZero() || boolOf(m["closed"])
	if m["votersCount"] == nil {
		p.Voters = int64(len(list(m["voters"])))
	}
	return p
}

func pollOptions(v any) []PollOption {
	var out []PollOption
	for _, x := range list(v) {
		m, ok := x.(map[string]any)
		if !ok || len(out) == maxPollOptions {
			continue
		}
		name, _ := mapped(m, "name", "nameMap")
		p := PollOption{Name: name}
		if r, ok := m["replies"].(map[string]any); ok {
			p.Votes = Count(r["totalItems"])
		}
		p.Votes = max(p.Votes, Count(m["_misskey_votes"]))
		out = append(out, p)
	}
	return out
}
