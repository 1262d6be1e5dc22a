package ap

import (
	"context"
	"encoding/json"

	"kinglet/ap/vocab"
	"kinglet/internal/config"
	"kinglet/internal/fault"
	"kinglet/internal/markup"
	"kinglet/media"
	"kinglet/store"

	"github.com/google/uuid"
)

// ProfileChange is what an account changes of itself; nil leaves as it is.
type ProfileChange struct {
	DisplayName, Note                    *string // as typed
	Locked, Bot, Discoverable, Indexable *bool
	Fields                               *[]store.Field // names and values as typed
	Avatar, Header                       *media.Picture // kept here; zero for none
	DefaultVisibility                    *store.Visibility
	DefaultSensitive                     *bool
	DefaultLanguage                      *string
}

// The bounds of a profile, in characters.
const (
	MaxDisplayName = 100
	MaxNote        = 2000
	MaxFields      = 8
	MaxFieldLength = 255
)

// UpdateProfile changes an account's profile and preferences, and tells its
// followers. Invalid errors say what is too long.
func (s *Service) UpdateProfile(ctx context.Context, id store.AccountID, c ProfileChange) error {
	if err := validProfile(c); err != nil {
		return err
	}
	var account *store.Account
	var doc json.RawMessage
	err := s.Store.Update(ctx, func(tx *store.Tx) error {
		err := tx.LockAccount(id)
		if err != nil {
			return err
		}
		if account, err = tx.Account(id); err != nil {
			return err
		}
		user, err := tx.User(id)
		if err != nil {
			return err
		}
		if err := s.change(tx, account, user, c); err != nil {
			return err
		}
		if err := s.setPictures(tx, account, c); err != nil {
			return err
		}
		if err := tx.PutAccount(account); err != nil {
			return err
		}
		if err := tx.UpdateUser(user); err != nil {
			return err
		}
		actor, err := s.ActorDocument(tx, account)
		if err != nil {
			return err
		}
		doc = vocab.BuildActivity(vocab.ActivityInput{
			ID: s.Config.ActivityURI(uuid.NewString()), Type: "Update", Actor: account.URI, To: []string{vocab.Public},
			Cc: []string{account.FollowersURI}, Published: tx.Now(), Object: actor,
		})
		return s.applyLocal(tx, account, doc)
	})
	return err
}

// setPictures shows new pictures, each under a new address: caches and other
// servers don't show the one before.
func (s *Service) setPictures(tx *store.Tx, account *store.Account, c ProfileChange) error {
	for _, p := range []struct {
		name    string
		picture *media.Picture
		set     func(a *store.Account, url string, ref store.MediaRef) error
	}{{"avatar", c.Avatar, tx.SetAvatar}, {"header", c.Header, tx.SetHeader}} {
		if p.picture == nil {
			continue
		}
		var url string
		var ref store.MediaRef
		if p.picture.Blob != "" {
			ref = store.MediaRef{Key: store.NewMediaKey(), Blob: p.picture.Blob}
			url = s.Config.MediaURL(ref.Key, p.name+p.picture.Ext)
		}
		if err := p.set(account, url, ref); err != nil {
			return err
		}
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

func (s *Service) change(tx *store.Tx, account *store.Account, user *store.User, c ProfileChange) error {
	set(&account.DisplayName, c.DisplayName)
	set(&account.Locked, c.Locked)
	set(&account.Bot, c.Bot)
	set(&account.Discoverable, c.Discoverable)
	set(&account.Indexable, c.Indexable)
	set(&user.NoteSource, c.Note)
	set(&user.DefaultVisibility, c.DefaultVisibility)
	set(&user.DefaultSensitive, c.DefaultSensitive)
	set(&user.DefaultLanguage, c.DefaultLanguage)
	account.Type = "Person"
	if account.Bot {
		account.Type = "Service"
	}
	if c.Fields != nil {
		user.FieldsSource = *c.Fields
	}
	return s.renderProfile(tx, account, user)
}

func set[T any](dest *T, value *T) {
	if value != nil {
		*dest = *value
	}
}

// ActorDocument is the ActivityPub document of a local account.
func (s *Service) ActorDocument(tx *store.Tx, a *store.Account) (json.RawMessage, error) {
	tags, err := s.profileTags(tx, a)
	if err != nil {
		return nil, err
	}
	in := vocab.ActorInput{
		ID: a.URI, Type: a.Type, Username: a.Username, Name: a.DisplayName, Summary: a.Note, URL: a.URL,
		Inbox: a.Inbox, Outbox: a.Outbox, Followers: a.FollowersURI, Following: a.FollowingURI, Featured: a.FeaturedURI,
		SharedInbox: a.SharedInbox, KeyID: a.KeyID, PublicKeyPEM: a.PublicKey,
		Icon: &vocab.Image{URL: a.Avatar}, Image: &vocab.Image{URL: a.Header},
		Locked: a.Locked, Discoverable: a.Discoverable, Indexable: a.Indexable, Published: a.CreatedAt,
		AlsoKnownAs: a.AlsoKnownAs, MovedTo: a.MovedToURI, Tags: tags,
	}
	if in.Name == "" {
		in.Name = a.Username
	}
	for _, f := range a.Fields {
		in.Fields = append(in.Fields, vocab.Attachment{Name: f.Name, Value: f.Value})
	}
	return vocab.BuildActor(in), nil
}

// InstanceActorDocument is that of the actor which fetches for the whole server.
func (s *Service) InstanceActorDocument() json.RawMessage {
	uri := s.Config.InstanceActorURI()
	return vocab.BuildActor(vocab.ActorInput{
		ID: uri, Type: "Application", Username: config.InstanceActorName, Name: s.Config.Title, URL: s.Config.URL,
		Inbox: uri + "/inbox", Outbox: uri + "/outbox", SharedInbox: s.Config.SharedInboxURI(),
		KeyID: s.Config.InstanceKeyID(), PublicKeyPEM: s.instancePublicKey, Locked: true,
	})
}
