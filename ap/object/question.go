package object

import (
	"kinglet/ap/vocab"
	"kinglet/internal/markup"
	"kinglet/store"
)

// A Question is a poll. Its options stand below its text.
func question() Kind { return Kind{Type: "Question", Read: readQuestion} }

func readQuestion(o *vocab.Object, status *store.Object) {
	text := titleOf(o) + textOf(o)
	for _, option := range append(o.OneOf, o.AnyOf...) {
		text += "<p>• " + markup.EscapeText(markup.PlainText(option.Name)) + "</p>"
	}
	status.Content = markup.Sanitize(text)
}
