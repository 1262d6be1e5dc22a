package markup

import "testing"

func TestIsEmoji(t *testing.T) {
	for text, want := range map[string]bool{
		"👍": true, "❤️": true, "👨‍👩‍👧‍👦": true, "🇩🇪": true, "1️⃣": true, "👍🏽": true, "©️": true,
		"": false, "a": false, "1": false, "👍👍": false, "<": false, "👍 ": false, "あ": false, "\u0000": false, "+": false,
	} {
		if IsEmoji(text) != want {
			t.Errorf("%q: not %v", text, want)
		}
	}
}
