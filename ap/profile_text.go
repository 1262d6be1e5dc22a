package ap

import (
	"maps"
	"slices"
	"strings"

	"kinglet/ap/vocab"
	"kinglet/internal/markup"
	"kinglet/store"
)

// renderProfile renders the biography and the fields of an account as they were
// typed. Mentions of accounts that are known here are links; no account is
// fetched for a profile. Other links have rel="me".
func (s *Service) renderProfile(account *store.Account, user *store.User, known map[string]*store.Account) {
	words := markup.Options{
		HashtagURL: s.Config.TagURL,
		Mention: func(handle string) (markup.Target, bool) {
			a := known[strings.ToLower(handle)]
			if a == nil {
				return markup.Target{}, false
			}
			return markup.Target{URL: a.URL, Username: a.Username}, true
		},
		Me: true,
	}
	account.Note = markup.Render(user.NoteSource, words)
	account.Fields = nil
	for _, f := range user.FieldsSource {
		account.Fields = append(account.Fields, store.Field{Name: f.Name, Value: markup.RenderLine(f.Value, words)})
	}
}

// profileTexts are the texts of a profile that may have mentions.
func profileTexts(user *store.User) []string {
	texts := []string{user.NoteSource}
	for _, f := range user.FieldsSource {
		texts = append(texts, f.Value)
	}
	return texts
}

// mentionedInProfile finds the accounts that a profile mentions and that are
// known here, by handle in lower case.
func (s *Service) mentionedInProfile(tx *store.Tx, user *store.User) (map[string]*store.Account, error) {
	handles := map[string]string{} // as they are stored, by how they were written
	for _, text := range profileTexts(user) {
		for _, mention := range markup.Scan(text).Mentions {
			if len(handles) == maxMentions {
				break
			}
			if h, ok := s.Config.ParseHandle(mention); ok {
				handles[strings.ToLower(mention)] = store.Handle(h.Name, h.Domain)
			}
		}
	}
	accounts, err := tx.AccountsByHandles(slices.Collect(maps.Values(handles)))
	if err != nil {
		return nil, err
	}
	known := map[string]*store.Account{}
	for mention, handle := range handles {
		if a := accounts[handle]; a != nil && a.Active() {
			known[mention] = a
		}
	}
	return known, nil
}

// profileTags are the mentions and hashtags of a local account's profile.
func (s *Service) profileTags(user *store.User, known map[string]*store.Account) []vocab.Tag {
	var tags []vocab.Tag
	given := map[string]bool{}
	add := func(t vocab.Tag) {
		if !given[t.Href] {
			given[t.Href] = true
			tags = append(tags, t)
		}
	}
	for _, text := range profileTexts(user) {
		found := markup.Scan(text)
		for _, handle := range found.Mentions {
			if a := known[strings.ToLower(handle)]; a != nil {
				add(vocab.Tag{Type: "Mention", Href: a.URI, Name: "@" + s.fullHandle(a)})
			}
		}
		for _, tag := range found.Hashtags {
			add(vocab.Tag{Type: "Hashtag", Href: s.Config.TagURL(tag), Name: "#" + tag})
		}
	}
	return tags
}
