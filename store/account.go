package store

import (
	"maps"
	"slices"
	"time"

	"kinglet/internal/fault"
	"kinglet/store/engine"
)

// Account is an actor, local or remote, as everybody may see it.
type Account struct {
	ID          AccountID
	URI         string // its ActivityPub id
	Username    string // as its server writes it; the path of its id where it has no handle
	Domain      string // account domain, punycode, with a port if not the default; "" for local
	Type        string // Person, Service, Application, Group, Organization
	DisplayName string
	Note        string // sanitised HTML
	URL         string // its page

	Inbox, SharedInbox, Outbox               string
	FollowersURI, FollowingURI, FeaturedURI  string
	KeyID, PublicKey                         string       // PublicKey is PEM
	Keys                                     []AccountKey // further ones, when its document was read: they are not read with the row
	Avatar, Header                           string       // URLs; "" for the default pictures
	Fields                                   []Field
	Emojis                                   []Emoji
	AlsoKnownAs                              []string
	MovedToURI                               string
	Locked, Bot, Discoverable, Indexable     bool
	FollowersCount, FollowingCount, Statuses int64
	LastStatusAt, CreatedAt, UpdatedAt       time.Time
	FetchedAt                                time.Time // of the document, zero for local
	CrawledAt                                time.Time // when its posts and counts were fetched last
	SuspendedAt, DeletedAt                   time.Time
	SuspendedByOrigin, SuspendedByUs         bool // see SuspendByOrigin
	SigninOnly                               bool // what it wrote is not for strangers
	NoHandle                                 bool // WebFinger gives its handle to another
	HandleVerified                           bool // WebFinger gave it the handle

	Moved *Account // that of MovedToURI, where FillMoved has read it
}

// Field is a row of the table on a profile; Value is sanitised HTML.
type Field struct {
	Name       string    `json:"name"`
	Value      string    `json:"value"`
	VerifiedAt time.Time `json:"verified_at,omitzero"`
}

// Emoji is a custom emoji that a text or a name uses.
type Emoji struct {
	Shortcode string `json:"shortcode"`
	URL       string `json:"url"`
}

// Local reports whether the account is of this server.
func (a *Account) Local() bool { return a.Domain == "" }

// Active reports whether the account is neither suspended nor deleted.
func (a *Account) Active() bool { return a.SuspendedAt.IsZero() && a.DeletedAt.IsZero() }

const accountColumns = `
	a.id, a.uri, a.username, a.domain, a.handle, a.handle_verified, a.actor_type, a.display_name, a.note, a.url,
	a.inbox, a.shared_inbox, a.outbox, a.followers_uri, a.following_uri, a.featured_uri,
	a.key_id, a.public_key, a.avatar, a.header, a.fields, a.emojis, a.also_known_as, a.moved_to_uri,
	a.locked, a.bot, a.discoverable, a.indexable,
	a.followers_count, a.following_count, a.statuses_count,
	a.last_status_at, a.created_at, a.updated_at, a.fetched_at, a.suspended_at, a.deleted_at,
	a.suspended_by_origin, a.suspended_by_us, a.crawled_at, a.signin_only`

func (a *Account) dest() []any {
	return []any{
		&a.ID, &a.URI, &a.Username, &a.Domain, handleScanner{a}, &a.HandleVerified, &a.Type, &a.DisplayName, &a.Note, &a.URL,
		&a.Inbox, &a.SharedInbox, &a.Outbox, &a.FollowersURI, &a.FollowingURI, &a.FeaturedURI,
		&a.KeyID, &a.PublicKey, &a.Avatar, &a.Header, fromJSON(&a.Fields), fromJSON(&a.Emojis), fromJSON(&a.AlsoKnownAs), &a.MovedToURI,
		&a.Locked, &a.Bot, &a.Discoverable, &a.Indexable,
		&a.FollowersCount, &a.FollowingCount, &a.Statuses,
		toTime(&a.LastStatusAt), toTime(&a.CreatedAt), toTime(&a.UpdatedAt), toTime(&a.FetchedAt), toTime(&a.SuspendedAt), toTime(&a.DeletedAt),
		&a.SuspendedByOrigin, &a.SuspendedByUs, toTime(&a.CrawledAt), &a.SigninOnly,
	}
}

// Account reads an account by its id; NotFound. Deleted and suspended ones are
// returned too: the caller checks Active.
func (tx *Tx) Account(id AccountID) (*Account, error) {
	return tx.account("account "+id.String(), `WHERE a.id = $1`, id)
}

// AccountByURI reads an account by its ActivityPub id; NotFound.
func (tx *Tx) AccountByURI(uri string) (*Account, error) {
	return tx.account("account "+uri, `WHERE a.uri = $1`, uri)
}

// AccountToChange is AccountByURI for a caller that will write the account: it
// is locked until the transaction ends.
func (tx *Tx) AccountToChange(uri string) (*Account, error) {
	return tx.account("account "+uri, `WHERE a.uri = $1 `+tx.engine.ForUpdate(), uri)
}

// AccountByHandle reads an account by name (local, domain "") or name and
// domain, ignoring case; NotFound.
func (tx *Tx) AccountByHandle(username, domain string) (*Account, error) {
	h := Handle(username, domain)
	return tx.account("account "+h, `WHERE a.handle = $1`, h)
}

func (tx *Tx) account(what, where string, args ...any) (*Account, error) {
	a := new(Account)
	if err := tx.get(what, a.dest(), `SELECT `+accountColumns+` FROM accounts a `+where, args...); err != nil {
		return nil, err
	}
	return a, nil
}

func (tx *Tx) accounts(query string, args ...any) ([]*Account, error) {
	var out []*Account
	err := tx.query(func(row scanner) error {
		a := new(Account)
		out = append(out, a)
		return row.Scan(a.dest()...)
	}, query, args...)
	return out, err
}

// Accounts reads many accounts in one statement, keyed by id; ids that are
// not known are left out.
func (tx *Tx) Accounts(ids []AccountID) (map[AccountID]*Account, error) {
	out := make(map[AccountID]*Account, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	list, err := tx.accounts(`SELECT `+accountColumns+` FROM accounts a WHERE `+tx.in("a.id", "$1"), setOf(ids))
	for _, a := range list {
		out[a.ID] = a
	}
	return out, err
}

// displayedColumns are those that others see of an account: without its keys,
// the addresses that deliveries go to, and when it was fetched.
const displayedColumns = `
	a.id, a.uri, a.username, a.domain, a.handle, a.actor_type, a.display_name, a.note, a.url,
	a.avatar, a.header, a.fields, a.emojis, a.moved_to_uri, a.locked, a.bot, a.discoverable, a.indexable,
	a.followers_count, a.following_count, a.statuses_count,
	a.last_status_at, a.created_at, a.suspended_at, a.deleted_at`

func (a *Account) displayedDest() []any {
	return []any{
		&a.ID, &a.URI, &a.Username, &a.Domain, handleScanner{a}, &a.Type, &a.DisplayName, &a.Note, &a.URL,
		&a.Avatar, &a.Header, fromJSON(&a.Fields), fromJSON(&a.Emojis), &a.MovedToURI, &a.Locked, &a.Bot, &a.Discoverable, &a.Indexable,
		&a.FollowersCount, &a.FollowingCount, &a.Statuses,
		toTime(&a.LastStatusAt), toTime(&a.CreatedAt), toTime(&a.SuspendedAt), toTime(&a.DeletedAt),
	}
}

// displayedAccounts is Accounts with displayedColumns only, for a page.
func (tx *Tx) displayedAccounts(ids []AccountID) (map[AccountID]*Account, error) {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	out := make(map[AccountID]*Account, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	oneOf, set := among(tx, "a.id", "$1", ids)
	var a Account
	dest := a.displayedDest()
	err := tx.query(func(row scanner) error {
		a = Account{}
		err := row.Scan(dest...)
		read := a
		out[a.ID] = &read
		return err
	}, `SELECT `+displayedColumns+` FROM accounts a WHERE `+oneOf, set)
	if err != nil {
		return out, err
	}
	return out, tx.FillMoved(slices.Collect(maps.Values(out))...)
}

// AccountsByHandles reads accounts by their handles (see Handle) in one
// statement, keyed by handle; unknown ones are left out.
func (tx *Tx) AccountsByHandles(handles []string) (map[string]*Account, error) {
	out := make(map[string]*Account, len(handles))
	if len(handles) == 0 {
		return out, nil
	}
	list, err := tx.accounts(`SELECT `+accountColumns+` FROM accounts a WHERE `+tx.inText("a.handle", "$1"), textSet(handles))
	for _, a := range list {
		out[a.Handle()] = a
	}
	return out, err
}

// PutAccount writes an account by its URI: a new one gets its ID (of its
// CreatedAt), a known one keeps ID, counters and CreatedAt and is updated; Gone
// when it was deleted. takeHandle decides whether it gets its handle. For a new
// local account see InsertAccount.
func (tx *Tx) PutAccount(a *Account) error {
	restore(tx, a)
	if err := tx.takeHandle(a); err != nil {
		return err
	}
	a.settleSuspension(tx.Now())
	if a.CreatedAt.IsZero() {
		a.CreatedAt = tx.Now()
	}
	a.UpdatedAt = tx.Now()
	if err := tx.putDomain(a.Domain); err != nil {
		return err
	}
	var err error
	if a.ID != 0 {
		err = tx.upsertAccount(a)
	} else {
		err = tx.insertNew(a.CreatedAt, func(id int64) error {
			a.ID = AccountID(id)
			return tx.upsertAccount(a)
		})
	}
	if engine.IsDuplicate(err) && !tx.engine.IsPostgres() { // on PostgreSQL after a second look
		return fault.Errorf(fault.Conflict, "the name %s is taken", a.Handle())
	}
	if fault.Is(err, fault.NotFound) {
		err = fault.Errorf(fault.Gone, "the account %s was deleted", a.URI)
	}
	return err
}

// InsertAccount writes a new local account; Conflict when its name, ignoring
// case, is or ever was in use.
func (tx *Tx) InsertAccount(a *Account) error {
	restore(tx, a)
	a.CreatedAt = tx.Now()
	a.UpdatedAt = a.CreatedAt
	err := tx.insertNew(a.CreatedAt, func(id int64) error {
		n, err := tx.exec(`
			INSERT INTO accounts (
			  id, uri, handle, username, domain, actor_type, display_name, note, url,
			  inbox, shared_inbox, outbox, followers_uri, following_uri, featured_uri,
			  key_id, public_key, avatar, header, fields, emojis, also_known_as, moved_to_uri,
			  locked, bot, discoverable, indexable, created_at, updated_at, json)
			VALUES ($1, $2, $3, $4, '', $5, $6, '', $7, $8, $9, $10, $11, $12, $13, $14, $15,
			  '', '', '', '', '', '', $16, $17, $18, $19, $20, $21, '')
			ON CONFLICT (handle) DO NOTHING`,
			id, a.URI, a.Handle(), a.Username, a.Type, a.DisplayName, a.URL,
			a.Inbox, a.SharedInbox, a.Outbox, a.FollowersURI, a.FollowingURI, a.FeaturedURI, a.KeyID, a.PublicKey,
			a.Locked, a.Bot, a.Discoverable, a.Indexable, millis(a.CreatedAt), millis(a.UpdatedAt))
		if err == nil && n == 0 {
			err = fault.Errorf(fault.Conflict, "the username %s is taken", a.Username)
		}
		a.ID = AccountID(id)
		return err
	})
	if engine.IsDuplicate(err) {
		return fault.Errorf(fault.Conflict, "the username %s is taken", a.Username)
	}
	return err
}

func (tx *Tx) upsertAccount(a *Account) error {
	return tx.get("account "+a.URI, []any{&a.ID, toTime(&a.CreatedAt), &a.FollowersCount, &a.FollowingCount, &a.Statuses}, `
		INSERT INTO accounts AS a (
		  id, uri, handle, username, domain, actor_type, display_name, note, url,
		  inbox, shared_inbox, outbox, followers_uri, following_uri, featured_uri,
		  key_id, public_key, avatar, header, fields, emojis, also_known_as, moved_to_uri,
		  locked, bot, discoverable, indexable,
		  created_at, updated_at, fetched_at, suspended_at, deleted_at, json,
		  handle_verified, suspended_by_origin, suspended_by_us, signin_only)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
		  $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37)
		ON CONFLICT (uri) DO UPDATE SET
		  handle = excluded.handle, username = excluded.username, domain = excluded.domain,
		  actor_type = excluded.actor_type, display_name = excluded.display_name, note = excluded.note, url = excluded.url,
		  inbox = excluded.inbox, shared_inbox = excluded.shared_inbox, outbox = excluded.outbox,
		  followers_uri = excluded.followers_uri, following_uri = excluded.following_uri, featured_uri = excluded.featured_uri,
		  key_id = excluded.key_id, public_key = excluded.public_key, avatar = excluded.avatar, header = excluded.header,
		  fields = excluded.fields, emojis = excluded.emojis, also_known_as = excluded.also_known_as, moved_to_uri = excluded.moved_to_uri,
		  locked = excluded.locked, bot = excluded.bot, discoverable = excluded.discoverable, indexable = excluded.indexable,
		  updated_at = excluded.updated_at, fetched_at = excluded.fetched_at,
		  suspended_at = excluded.suspended_at, deleted_at = excluded.deleted_at, json = excluded.json,
		  handle_verified = excluded.handle_verified,
		  suspended_by_origin = excluded.suspended_by_origin, suspended_by_us = excluded.suspended_by_us, signin_only = excluded.signin_only
		WHERE a.deleted_at = 0
		RETURNING id, created_at, followers_count, following_count, statuses_count`,
		a.ID, a.URI, nullText(a.Handle()), a.Username, a.Domain, a.Type, a.DisplayName, a.Note, a.URL,
		a.Inbox, a.SharedInbox, a.Outbox, a.FollowersURI, a.FollowingURI, a.FeaturedURI,
		a.KeyID, a.PublicKey, a.Avatar, a.Header, jsonText(a.Fields), jsonText(a.Emojis), jsonText(a.AlsoKnownAs), a.MovedToURI,
		a.Locked, a.Bot, a.Discoverable, a.Indexable,
		millis(a.CreatedAt), millis(a.UpdatedAt), millis(a.FetchedAt), millis(a.SuspendedAt), millis(a.DeletedAt), "", // the actor document is not kept
		a.HandleVerified, a.SuspendedByOrigin, a.SuspendedByUs, a.SigninOnly)
}

// LocalAccounts lists the local accounts that are not deleted, oldest first.
func (tx *Tx) LocalAccounts() ([]*Account, error) {
	return tx.accounts(`SELECT ` + accountColumns + ` FROM accounts a WHERE a.domain = '' AND a.deleted_at = 0 ORDER BY a.id`)
}

// FirstAdmin is the oldest local account that is an admin; NotFound.
func (tx *Tx) FirstAdmin() (*Account, error) {
	return tx.account("admin", `
		WHERE a.id = (
		  SELECT u.account_id FROM users u CROSS JOIN accounts l
		  WHERE u.admin AND l.id = u.account_id AND l.deleted_at = 0
		  ORDER BY u.account_id LIMIT 1)`)
}
