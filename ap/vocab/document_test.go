package vocab_test

import (
	"encoding/json"
	"testing"

	"kinglet/ap/vocab"
	"kinglet/ap/vocab/vocabtest"
)

func TestDocuments(t *testing.T) {
	vocabtest.Golden(t, map[string]json.RawMessage{
		"collection": vocab.BuildCollection(vocab.CollectionInput{ID: "https://a.test/c", TotalItems: 2, First: "https://a.test/c?page=true"}),
		"page":       vocab.BuildCollection(vocab.CollectionInput{ID: "https://a.test/c?page=true", TotalItems: 2, PartOf: "https://a.test/c", Items: []any{"https://a.test/1"}}),
	})
}
