package ui

import (
	"strconv"
	"time"

	"kinglet/internal/markup"
	"kinglet/store"
)

// card is the preview of a link to a page (the Open Graph protocol), and the
// page's canonical URL. All URLs are absolute.
type card struct {
	URL, Type, Site    string
	Title, Description string
	Image, ImageAlt    string
	Twitter            string // summary, or summary_large_image for a picture of the post's own

	Username            string    // of a profile
	Published, Modified time.Time // of a post
	Author              string    // the URL of its author's profile
}

func (u *UI) homeCard() *card {
	return &card{
		URL: u.Config.URL + "/", Type: "website", Site: u.Config.Title, Title: u.Config.Title, Description: u.Config.Description,
		Image: u.Config.StaticURL("avatar.png"), Twitter: "summary",
	}
}

func (u *UI) tagCard(name string) *card {
	c := u.homeCard()
	c.URL, c.Title, c.Description = u.Config.TagURL(name), "#"+name, ""
	return c
}

// profileCard is the card of a profile, or of its older posts.
func (u *UI) profileCard(a *store.Account, olderThan int64) *card {
	c := u.homeCard()
	c.URL, c.Type, c.Username = a.URL, "profile", a.Username
	c.Title, c.Description = displayName(a)+" (@"+u.Config.Handle(a.Username)+")", clip(markup.PlainText(a.Note))
	if olderThan != 0 {
		c.URL += "?max_id=" + strconv.FormatInt(olderThan, 10)
	}
	if a.Avatar != "" {
		c.Image = a.Avatar
	}
	return c
}

// statusCard is the card of a post: with its first picture, unless that is
// sensitive, or else its author's.
func (u *UI) statusCard(st *store.Status, text string) *card {
	c := u.profileCard(st.Account, 0)
	c.URL, c.Type, c.Username, c.Author = st.URL, "article", "", st.Account.URL
	c.Description, c.Published, c.Modified = text, st.PublishedAt, st.EditedAt
	if st.Sensitive || st.SpoilerText != "" {
		return c
	}
	for _, m := range st.Attachments {
		if m.Kind == "image" {
			c.Image, c.ImageAlt, c.Twitter = m.URL, m.Description, "summary_large_image"
			break
		}
	}
	return c
}
