package ap

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"kinglet/ap/activity"
	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/config"
	"kinglet/internal/fault"
	"kinglet/internal/markup"
	"kinglet/media"
	"kinglet/store"
)

// ProfileChange is what an account changes of its profile; nil leaves a field
// unchanged.
type ProfileChange struct {
	DisplayName, Note                    *string // as typed
	Locked, Bot, Discoverable, Indexable *bool
	Fields                               *[]store.Field // names and values as typed
	Avatar, Header                       *media.Picture // kept here; zero for none
	DefaultVisibility                    *store.Visibility
	DefaultSensitive                     *bool
	DefaultLanguage                      *string
	// Aliases makes of the aliases that there are (alsoKnownAs) those that there
	// will be; MovedTo "" ends a move.
	Aliases func(now []string) []string
	MovedTo *string

	avatar, header *shownPicture // of Avatar and Header
}

// The bounds of a profile, in characters.
const (
	MaxDisplayName = 100
	MaxNote        = 2000
	MaxFields      = 8
	MaxFieldLength = 255
)

// maxProfileTries is how often a change of a profile is retried because another
// change was written first.
const maxProfileTries = 5

var errProfileChanged = fault.Errorf(fault.Conflict, "The profile was changed meanwhile")

// UpdateProfile changes an account's profile and preferences, and sends the
// profile to its followers. Invalid errors say what is too long.
func (s *Service) UpdateProfile(ctx context.Context, id store.AccountID, c ProfileChange) error {
	if err := validProfile(c); err != nil {
		return err
	}
	c.avatar, c.header = s.show("avatar", c.Avatar), s.show("header", c.Header)
	for i := 1; ; i++ {
		err := s.updateProfile(ctx, id, c)
		if i == maxProfileTries || !errors.Is(err, errProfileChanged) {
			return err
		}
	}
}

// updateProfile renders the new profile, and then writes and publishes it in
// one transaction, as the policies have rewritten it.
func (s *Service) updateProfile(ctx context.Context, id store.AccountID, c ProfileChange) error {
	var account *store.Account
	var user *store.User
	var known map[string]*store.Account
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		if account, user, err = readProfile(tx, id); err != nil {
			return err
		}
		c.apply(account, user)
		known, err = s.mentionedInProfile(tx, user)
		return err
	})
	if err != nil {
		return err
	}
	s.renderProfile(account, user, known)
	actor, err := s.actorDraft(account, user, s.profileTags(user, known))
	if err != nil {
		return err
	}
	update := s.draft(account, "Update", embed(actor), []string{vocab.Public}, []string{account.FollowersURI})
	_, err = s.local(ctx, account, update, activity.Command{Write: func(tx *store.Tx, a *activity.Activity) error {
		err := tx.LockAccount(id)
		if err != nil {
			return err
		}
		now, nowUser, err := readProfile(tx, id)
		if err != nil {
			return err
		}
		c.apply(now, nowUser)
		if nowUser.NoteSource != user.NoteSource || !slices.Equal(nowUser.FieldsSource, user.FieldsSource) {
			return errProfileChanged // and what was rendered is not its text
		}
		if now.Avatar != account.Avatar || now.Header != account.Header {
			return errProfileChanged // and what was published is not its address
		}
		now.Note, now.Fields = account.Note, account.Fields
		if published := a.Object.Object.Object; published != actor {
			applyRewritten(now, published)
		}
		if err := putPictures(tx, now, c); err != nil {
			return err
		}
		if err := tx.PutAccount(now); err != nil {
			return err
		}
		return tx.UpdateUser(nowUser)
	}})
	return err
}

func readProfile(tx *store.Tx, id store.AccountID) (*store.Account, *store.User, error) {
	account, err := tx.Account(id)
	if err != nil {
		return nil, nil, err
	}
	user, err := tx.User(id)
	return account, user, err
}

// applyRewritten changes a profile as the policies have rewritten it.
func applyRewritten(account *store.Account, published *vocab.Object) {
	account.DisplayName, account.Note, account.Fields = published.Name, markup.Sanitize(published.Summary), nil
	for _, f := range published.Attachment {
		account.Fields = append(account.Fields, store.Field{Name: f.Name, Value: markup.Sanitize(f.Value)})
	}
}

// shownPicture is a picture of a profile with its future URL.
type shownPicture struct {
	url string
	ref store.MediaRef
}

// show gives a picture a URL, a new one each time: caches and other servers
// would go on showing the previous picture.
func (s *Service) show(name string, picture *media.Picture) *shownPicture {
	switch {
	case picture == nil:
		return nil
	case picture.Blob == "":
		return &shownPicture{}
	}
	ref := store.MediaRef{Key: store.NewMediaKey(), Blob: picture.Blob}
	return &shownPicture{s.Config.MediaURL(ref.Key, name+picture.Ext), ref}
}

// putPictures writes the references of an account to its changed pictures.
func putPictures(tx *store.Tx, account *store.Account, c ProfileChange) error {
	if p := c.avatar; p != nil {
		if err := tx.SetAvatar(account, p.url, p.ref); err != nil {
			return err
		}
	}
	if p := c.header; p != nil {
		return tx.SetHeader(account, p.url, p.ref)
	}
	return nil
}

func validProfile(c ProfileChange) error {
	if c.DisplayName != nil && markup.Length(*c.DisplayName) > MaxDisplayName {
		return fault.Errorf(fault.Invalid, "Validation failed: Display name is too long (maximum is %d characters)", MaxDisplayName)
	}
	if c.Note != nil && markup.Length(*c.Note) > MaxNote {
		return fault.Errorf(fault.Invalid, "Validation failed: Bio is too long (maximum is %d characters)", MaxNote)
	}
	if c.Fields == nil {
		return nil
	}
	if len(*c.Fields) > MaxFields {
		return fault.Errorf(fault.Invalid, "Validation failed: There can be at most %d fields", MaxFields)
	}
	for _, f := range *c.Fields {
		if len([]rune(f.Name)) > MaxFieldLength || len([]rune(f.Value)) > MaxFieldLength {
			return fault.Errorf(fault.Invalid, "Validation failed: A field is too long (maximum is %d characters)", MaxFieldLength)
		}
	}
	return nil
}

// apply writes the changed fields into the rows.
func (c ProfileChange) apply(account *store.Account, user *store.User) {
	set(&account.DisplayName, c.DisplayName)
	set(&account.Locked, c.Locked)
	set(&account.Bot, c.Bot)
	set(&account.Discoverable, c.Discoverable)
	set(&account.Indexable, c.Indexable)
	set(&account.MovedToURI, c.MovedTo)
	if c.Aliases != nil {
		account.AlsoKnownAs = c.Aliases(slices.Clone(account.AlsoKnownAs))
	}
	set(&user.NoteSource, c.Note)
	set(&user.DefaultVisibility, c.DefaultVisibility)
	set(&user.DefaultSensitive, c.DefaultSensitive)
	set(&user.DefaultLanguage, c.DefaultLanguage)
	if c.avatar != nil {
		account.Avatar = c.avatar.url
	}
	if c.header != nil {
		account.Header = c.header.url
	}
	account.Type = "Person"
	if account.Bot {
		account.Type = "Service"
	}
	if c.Fields != nil {
		user.FieldsSource = *c.Fields
	}
}

func set[T any](dest *T, value *T) {
	if value != nil {
		*dest = *value
	}
}

// ActorDocument is the ActivityPub document of a local account.
func (s *Service) ActorDocument(tx *store.Tx, a *store.Account) (json.RawMessage, error) {
	var tags []vocab.Tag
	user, err := tx.User(a.ID)
	if err == nil {
		var known map[string]*store.Account
		known, err = s.mentionedInProfile(tx, user)
		tags = s.profileTags(user, known)
	}
	if err != nil && !fault.Is(err, fault.NotFound) { // of an account that was deleted
		return nil, err
	}
	draft, err := s.actorDraft(a, user, tags)
	if err != nil {
		return nil, err
	}
	return vocab.Encode(object.Compose(draft).Document), nil
}

// stubTerms are what others need of an actor to verify its signatures and to
// answer it.
var stubTerms = []string{"@context", "id", "type", "preferredUsername", "inbox", "endpoints", "publicKey", "assertionMethod", "generator"}

// ActorStub is as much of a local account's document as strangers get of whom they
// have to sign for the rest.
func (s *Service) ActorStub(tx *store.Tx, a *store.Account) (json.RawMessage, error) {
	user, err := tx.User(a.ID)
	if err != nil {
		return nil, err
	}
	draft, err := s.actorDraft(a, user, nil)
	if err != nil {
		return nil, err
	}
	whole, stub := object.Compose(draft).Document, vocab.Document{}
	for _, term := range stubTerms {
		if v, ok := whole[term]; ok {
			stub[term] = v
		}
	}
	return vocab.Encode(stub), nil
}

// InstanceActorDocument is the document of the actor that fetches for the whole
// server.
func (s *Service) InstanceActorDocument() json.RawMessage {
	uri := s.Config.InstanceActorURI()
	return vocab.Encode(object.Compose(&vocab.Object{
		ID: uri, Type: "Application", PreferredUsername: config.InstanceActorName, WebFinger: s.Config.Handle(config.InstanceActorName), Name: s.Config.Title, URL: []vocab.Link{{Href: s.Config.URL}},
		Inbox: s.Config.InstanceInboxURI(), Outbox: s.Config.InstanceOutboxURI(), Followers: s.Config.InstanceFollowersURI(), SharedInbox: s.Config.SharedInboxURI(), ManuallyApprovesFollowers: true,
		PublicKeys: []vocab.PublicKey{
			{ID: s.Config.InstanceKeyID(), Owner: uri, PEM: s.instancePublicKey}, multikey(s.Config.InstanceEd25519KeyID(), uri, s.instanceEd25519),
		},
		Implements: []string{object.ImplementsMessages, object.ImplementsEd25519},
	}).Document)
}
