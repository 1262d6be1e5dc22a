package vocab

import (
	"strings"
	"testing"
)

// What is embedded in a document keeps the bytes in which it came, whatever
// their order, spaces and numbers: they are what is stored and passed on.
func TestEmbeddedObjectsKeepTheirBytes(t *testing.T) {
	note := `{ "type":"Note" , "id":"https:\/\/a.test\/1","content":"\u003cp>&amp;","x": 1.0e2, "y": 12345678901234567890, "x": 2 }`
	actor := `{"z":1,"id":"https://a.test/u" }`
	o, err := Parse([]byte(`{"type":"Create","actor":` + actor + `,"object": ` + note + ` }`))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(o.Object.Object.Raw); got != note {
		t.Errorf("the note is %s", got)
	}
	if got := string(o.Actor.Object.Raw); got != actor {
		t.Errorf("the actor is %s", got)
	}
	if o.Object.Object.ID != "https://a.test/1" || o.Object.Object.Content != "<p>&amp;" {
		t.Errorf("it is read as %+v", o.Object.Object)
	}
}

// A document that was changed as a map is read like one that came, and each
// object in it has the bytes that it has inside of the whole.
func TestRead(t *testing.T) {
	o, err := Parse([]byte(`{"type":"Create","actor":"https://a.test/u","object":{"type":"Note","id":"https://a.test/1","content":"a"}}`))
	if err != nil {
		t.Fatal(err)
	}
	o.Document["object"].(Document)["content"] = "<b>"
	again, err := Read(o.Document)
	if err != nil {
		t.Fatal(err)
	}
	if again.Object.Object.Content != "<b>" || !strings.Contains(string(again.Raw), string(again.Object.Object.Raw)) || !strings.Contains(string(again.Raw), `"<b>"`) {
		t.Errorf("%s in %s", again.Object.Object.Raw, again.Raw)
	}
	o.Document["actor"] = []any{"https://a.test/u", "https://b.test/u"}
	if _, err := Read(o.Document); err == nil {
		t.Error("two actors are taken")
	}
}
