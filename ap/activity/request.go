package activity

import (
	"kinglet/ap/object"
	"kinglet/ap/vocab"
	"kinglet/internal/fault"
	"kinglet/store"

	"github.com/google/uuid"
)

// A request asks the author of a status for leave to do something with it: to
// quote it (FEP-044f), or to like, answer or boost it (GoToSocial). The object is
// the status, the instrument what is to be done.

// requestKinds are the kinds of interactions that requests ask for.
var requestKinds = map[string]string{
	"QuoteRequest": store.QuoteOf, "LikeRequest": store.LikeOf, "ReplyRequest": store.ReplyTo, "AnnounceRequest": store.AnnounceOf,
}

// requestTypes are the types of the requests, and authorizationTypes those of the
// documents that grant them.
var (
	requestTypes = map[string]string{
		store.QuoteOf: "QuoteRequest", store.LikeOf: "LikeRequest", store.ReplyTo: "ReplyRequest", store.AnnounceOf: "AnnounceRequest",
	}
	authorizationTypes = map[string]string{
		store.QuoteOf: "QuoteAuthorization", store.LikeOf: "LikeAuthorization", store.ReplyTo: "ReplyAuthorization", store.AnnounceOf: "AnnounceAuthorization",
	}
)

// maxUndecided limits how many requests wait for one account's decision, and
// maxUndecidedOfSite how many of them are from the hosts of one domain. What comes
// when so many wait is not kept.
const (
	maxUndecided       = 500
	maxUndecidedOfSite = 50
)

func requestRule(typ string) Rule {
	return Rule{Type: typ, Needs: requestNeeds, Authorize: authorizeRequest, Apply: applyRequest}
}

// InstrumentOf is the id of what a request is to do; "" unless it has one.
func InstrumentOf(o *vocab.Object) string {
	if list := vocab.IDs(o.Document["instrument"], 2); len(list) == 1 {
		return list[0]
	}
	return ""
}

// requestNeeds asks for the quote when it is not known here: whose it is, its own
// origin says, and nobody who may embed anything.
func requestNeeds(env *Env, tx *store.Tx, a *Activity) ([]Need, error) {
	uri := InstrumentOf(a.Object)
	if a.Type != "QuoteRequest" || a.Actor.Local() || uri == "" || ownsID(env, a, uri) != nil {
		return nil, nil
	}
	status, not, err := requested(tx, a)
	if not != "" || err != nil {
		return nil, err
	}
	if blocked, err := tx.Blocked(status.AccountID, a.Actor.ID); err != nil || blocked {
		return nil, err
	}
	known, err := tx.KnownURIs(uri)
	if err != nil || known[uri] {
		return nil, err
	}
	return []Need{{URI: uri}}, nil
}

// requested is the status of an account here that a request is about, if its
// actor may see it, or could but for a block.
func requested(tx *store.Tx, a *Activity) (*store.Object, Reason, error) {
	uri := a.Object.Object.ID
	unknown := unwanted("the status %s is not known here", uri)
	status, err := tx.ObjectByURI(uri)
	if fault.Is(err, fault.NotFound) {
		return nil, unknown, nil
	}
	if err != nil {
		return nil, "", err
	}
	if !status.Local || !status.IsStatus || status.ReblogOfID != 0 {
		return nil, unknown, nil
	}
	may, err := tx.MaySee(a.Actor.ID, status.ID)
	if err != nil || may {
		return status, "", err
	}
	// Who is blocked is told No of what all can see.
	blocked, err := tx.Blocked(status.AccountID, a.Actor.ID)
	if err != nil || !blocked || status.Visibility > store.Unlisted || !status.DeletedAt.IsZero() {
		return nil, unknown, err
	}
	return status, "", nil
}

func authorizeRequest(env *Env, tx *store.Tx, a *Activity) (Reason, error) {
	if a.Actor.Local() {
		return "", nil
	}
	uri := InstrumentOf(a.Object)
	if a.ID == "" || uri == "" {
		return "", refuse("the %s has no id, or no instrument", a.Type)
	}
	if err := ownsID(env, a, uri); err != nil {
		return "", err
	}
	status, not, err := requested(tx, a)
	if not != "" || err != nil {
		return not, err
	}
	if blocked, err := tx.Blocked(status.AccountID, a.Actor.ID); err != nil || blocked {
		return "", err
	}
	if a.Type != "QuoteRequest" {
		return "", checkInstrument(a, status)
	}
	quote, err := tx.ObjectByURI(uri)
	if fault.Is(err, fault.NotFound) {
		return unwanted("the quote %s is not known here", uri), nil
	}
	switch {
	case err != nil:
		return "", err
	case quote.AccountID != a.Actor.ID:
		return notAuthor(tx, a, quote)
	case !quote.DeletedAt.IsZero():
		return unwanted("the quote %s is deleted", uri), nil
	case quote.QuoteID != status.ID:
		return "", refuse("%s does not quote %s", uri, status.URI)
	}
	return "", nil
}

// checkInstrument checks what a request of GoToSocial's embeds: a Like or an
// Announce of the status, or an answer to it, by the actor. An answer is judged
// again when it comes.
func checkInstrument(a *Activity, status *store.Object) error {
	o := a.Linked("instrument").Object
	if o == nil {
		return refuse("the %s does not say what it asks for", a.Type)
	}
	var by, about string
	switch a.Type {
	case "ReplyRequest":
		by, about = o.Author(), o.InReplyTo.ID
	default:
		by, about = o.Actor.ID, o.Object.ID
		if o.Type+"Request" != a.Type {
			return refuse("a %s is asked for by a %s", o.Type, a.Type)
		}
	}
	if by != a.Actor.URI || about != status.URI {
		return refuse("%s is not by %s about %s", o.ID, a.Actor.URI, status.URI)
	}
	return nil
}

// applyRequest answers the request of a stranger, or keeps it for the author to
// decide about. The same request again is answered again, as it was.
func applyRequest(env *Env, tx *store.Tx, a *Activity) (Outcome, error) {
	if a.Actor.Local() {
		status, err := tx.ObjectByURI(a.Object.Object.ID)
		if err != nil {
			return Outcome{}, err
		}
		author, err := tx.Account(status.AccountID)
		return Outcome{Publish: toAccount(a, author)}, err
	}
	status, not, err := requested(tx, a)
	if not != "" || err != nil {
		return NotWanted(not), err
	}
	asked := &store.Interaction{
		Kind: requestKinds[a.Type], TargetID: status.ID, AccountID: a.Actor.ID, URI: InstrumentOf(a.Object), RequestURI: a.ID,
	}
	if asked.Kind == store.QuoteOf || asked.Kind == store.ReplyTo {
		known, err := tx.ObjectByURI(asked.URI)
		if err == nil && known.AccountID == a.Actor.ID {
			asked.StatusID = known.ID
		} else if err != nil && !fault.Is(err, fault.NotFound) {
			return Outcome{}, err
		}
	}
	return judgeInteraction(env, tx, a, status, asked)
}

// judgeInteraction decides about what an account elsewhere does, or asks to do,
// with a status of an account here: as its author has decided, or as the policy
// says.
func judgeInteraction(env *Env, tx *store.Tx, a *Activity, status *store.Object, asked *store.Interaction) (Outcome, error) {
	author, err := tx.Account(status.AccountID)
	if err != nil {
		return Outcome{}, err
	}
	if blocked, err := tx.Blocked(status.AccountID, asked.AccountID); err != nil || blocked {
		return Outcome{Then: []*Activity{answerTo(env, tx, author, a.Actor, status, asked, "Reject")}}, err
	}
	known, err := tx.InteractionToChange(asked.AccountID, asked.URI, asked.Kind, status.ID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return Outcome{}, err
	}
	answer := ""
	switch {
	case err == nil && known.State != store.InteractionPending:
		asked.Stamp, asked.State, asked.CreatedAt = known.Stamp, known.State, known.CreatedAt
		if asked.RequestURI == "" { // what was asked for comes: the answer stays that to the request
			asked.RequestURI = known.RequestURI
		}
		answer = "Reject"
		if known.State == store.InteractionAccepted {
			answer = "Accept"
		}
	case err == nil:
		known.RequestURI = asked.RequestURI
		return Outcome{}, tx.PutInteraction(known)
	default:
		may, err := tx.MayInteract(asked.Kind, status, a.Actor)
		if err != nil {
			return Outcome{}, err
		}
		switch may {
		case store.Denied:
			return Outcome{Then: []*Activity{answerTo(env, tx, author, a.Actor, status, asked, "Reject")}}, nil
		case store.Automatic:
			answer = "Accept"
		}
		asked.State = store.InteractionPending
		if asked.Kind == store.LikeOf { // a status is liked once, whatever ids that is given
			if err := tx.DropOtherLikes(asked, a.Actor.URI, author.ID); err != nil {
				return Outcome{}, err
			}
		}
		if answer == "" {
			room, err := tx.HasRoomForInteraction(author.ID, vocab.Site(vocab.Host(a.Actor.URI)), maxUndecided, maxUndecidedOfSite)
			if err != nil {
				return Outcome{}, err
			}
			if !room {
				return NotWanted(unwanted("too many requests wait for %s, or too many of this host", author.URI)), nil
			}
		}
	}
	if err := tx.PutInteraction(asked); err != nil || answer == "" {
		return Outcome{}, err
	}
	return Outcome{Then: []*Activity{answerTo(env, tx, author, a.Actor, status, asked, answer)}}, nil
}

// answerTo is the Accept or Reject of what somebody does or asks to do with a
// status. Of a request it embeds what its sender has to recognize; an interaction
// that came without one is named by its id. An Accept says where the authorization
// is: one that is not there yet is written when the Accept is applied.
func answerTo(env *Env, tx *store.Tx, author, who *store.Account, status *store.Object, i *store.Interaction, typ string) *Activity {
	draft := AnswerDraft(env, author, who, status, i, typ)
	draft.Published = tx.Now()
	return &Activity{
		Object: object.Compose(draft), Origin: Local, Actor: author, Command: Command{Kind: i.Kind, Decided: typ == "Reject"},
	}
}

// AnswerDraft is the draft of an answer.
func AnswerDraft(env *Env, author, who *store.Account, status *store.Object, i *store.Interaction, typ string) *vocab.Object {
	about := &vocab.Object{
		ID: i.RequestURI, Type: requestTypes[i.Kind], Actor: vocab.Ref{ID: who.URI}, Object: vocab.Ref{ID: status.URI}, Instrument: i.URI,
	}
	draft := &vocab.Object{
		ID: env.Config.ActivityURI(uuid.NewString()), Type: typ, Actor: vocab.Ref{ID: author.URI}, To: []string{who.URI},
		Object: vocab.Ref{ID: about.ID, Object: about}, Target: vocab.Ref{ID: status.URI},
	}
	if i.RequestURI == "" {
		draft.Object = vocab.Ref{ID: i.URI}
	}
	if typ == "Accept" {
		if draft.Result = i.Stamp; draft.Result == "" {
			draft.Result = env.Config.ObjectURI(uuid.NewString())
		}
	}
	return draft
}
