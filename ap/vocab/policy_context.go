package vocab

import (
	"bytes"
	"encoding/json"
	"slices"
	"sync"
)

// Documents that say who may do what with a post, or that quote one, have terms
// that others have not: they get a longer @context than those.

type policyTerms struct {
	GTS               string    `json:"gts"`
	InteractionPolicy typedTerm `json:"interactionPolicy"`
	CanQuote          typedTerm `json:"canQuote"`
	AutomaticApproval typedTerm `json:"automaticApproval"`
	ManualApproval    typedTerm `json:"manualApproval"`
}

type interactionTerms struct {
	policyTerms
	CanLike                typedTerm `json:"canLike"`
	CanReply               typedTerm `json:"canReply"`
	CanAnnounce            typedTerm `json:"canAnnounce"`
	Always                 typedTerm `json:"always"`
	ApprovalRequired       typedTerm `json:"approvalRequired"`
	ApprovedBy             typedTerm `json:"approvedBy"`
	LikeAuthorized         typedTerm `json:"likeAuthorization"`
	ReplyAuthorized        typedTerm `json:"replyAuthorization"`
	AnnounceAuthorized     typedTerm `json:"announceAuthorization"`
	InteractingObject      typedTerm `json:"interactingObject"`
	InteractionTarget      typedTerm `json:"interactionTarget"`
	LikeRequest            string    `json:"LikeRequest"`
	ReplyRequest           string    `json:"ReplyRequest"`
	AnnounceRequest        string    `json:"AnnounceRequest"`
	LikeAuthorization      string    `json:"LikeAuthorization"`
	ReplyAuthorization     string    `json:"ReplyAuthorization"`
	AnnounceAuthorization  string    `json:"AnnounceAuthorization"`
	Quote                  typedTerm `json:"quote"`
	QuoteAuthorization     typedTerm `json:"quoteAuthorization"`
	QuoteAuthorizationType string    `json:"QuoteAuthorization"`
	QuoteRequest           string    `json:"QuoteRequest"`
	QuoteURI               string    `json:"quoteUri"`
	MisskeyQuote           string    `json:"_misskey_quote"`
}

var ourPolicyTerms = policyTerms{
	GTS:               "https://gotosocial.org/ns#",
	InteractionPolicy: typedTerm{"gts:interactionPolicy", "@id"},
	CanQuote:          typedTerm{"gts:canQuote", "@id"},
	AutomaticApproval: typedTerm{"gts:automaticApproval", "@id"},
	ManualApproval:    typedTerm{"gts:manualApproval", "@id"},
}

// A longContext is a @context with the words that ask for it.
type longContext struct {
	words   [][]byte
	encoded []byte
}

// longContexts are tried in this order.
var longContexts = sync.OnceValue(func() []longContext {
	return []longContext{
		{
			words: words("quote", "instrument", "interactingObject", "canLike", "canReply", "canAnnounce", "approvedBy"),
			encoded: appendOther(nil, append(slices.Clone(ourContext), interactionTerms{
				policyTerms:            ourPolicyTerms,
				CanLike:                typedTerm{"gts:canLike", "@id"},
				CanReply:               typedTerm{"gts:canReply", "@id"},
				CanAnnounce:            typedTerm{"gts:canAnnounce", "@id"},
				Always:                 typedTerm{"gts:always", "@id"},
				ApprovalRequired:       typedTerm{"gts:approvalRequired", "@id"},
				ApprovedBy:             typedTerm{"gts:approvedBy", "@id"},
				LikeAuthorized:         typedTerm{"gts:likeAuthorization", "@id"},
				ReplyAuthorized:        typedTerm{"gts:replyAuthorization", "@id"},
				AnnounceAuthorized:     typedTerm{"gts:announceAuthorization", "@id"},
				InteractingObject:      typedTerm{"gts:interactingObject", "@id"},
				InteractionTarget:      typedTerm{"gts:interactionTarget", "@id"},
				LikeRequest:            "gts:LikeRequest",
				ReplyRequest:           "gts:ReplyRequest",
				AnnounceRequest:        "gts:AnnounceRequest",
				LikeAuthorization:      "gts:LikeAuthorization",
				ReplyAuthorization:     "gts:ReplyAuthorization",
				AnnounceAuthorization:  "gts:AnnounceAuthorization",
				Quote:                  typedTerm{"https://w3id.org/fep/044f#quote", "@id"},
				QuoteAuthorization:     typedTerm{"https://w3id.org/fep/044f#quoteAuthorization", "@id"},
				QuoteAuthorizationType: "https://w3id.org/fep/044f#QuoteAuthorization",
				QuoteRequest:           "https://w3id.org/fep/044f#QuoteRequest",
				QuoteURI:               "http://fedibird.com/ns#quoteUri",
				MisskeyQuote:           "misskey:_misskey_quote",
			})),
		},
		{words: words("interactionPolicy"), encoded: appendOther(nil, append(slices.Clone(ourContext), ourPolicyTerms))},
	}
})

// words are keys as encoded documents have them: within a text their quotation
// marks would be escaped.
func words(keys ...string) (list [][]byte) {
	for _, k := range keys {
		list = append(list, []byte(`"`+k+`":`))
	}
	return list
}

// contextFor is the encoded @context that a document of ours needs.
func contextFor(doc []byte) []byte {
	for _, c := range longContexts() {
		for _, word := range c.words {
			if bytes.Contains(doc, word) {
				return c.encoded
			}
		}
	}
	return encodedContext()
}

// WithTerms gives a document of ours the @context that what it embeds needs.
func WithTerms(doc json.RawMessage) json.RawMessage {
	rest, ours := cutContext(doc)
	if !ours {
		return doc
	}
	c := contextFor(rest)
	if len(contextKey)+len(c)+len(rest) == len(doc) {
		return doc
	}
	return slices.Concat(contextKey, c, rest)
}

// cutContext cuts one of our own @contexts from the beginning of a document.
func cutContext(doc json.RawMessage) (rest []byte, ours bool) {
	after, found := bytes.CutPrefix(doc, contextKey)
	if !found {
		return nil, false
	}
	for _, c := range longContexts() {
		if rest, ours = bytes.CutPrefix(after, c.encoded); ours {
			return rest, true
		}
	}
	return bytes.CutPrefix(after, encodedContext())
}
