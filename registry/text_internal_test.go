package registry

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTextShowsWhatItIs(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"Acme", "Acme Ltd.", "Żółć & Söhne (GmbH)", "株式会社　日本", "شركة المثال", "می\u200cخواهم", "क्\u200dष", "I ♥ NY", "Ann 👩\u200d💻", "👩🏽\u200d💻 Ltd",
		"7-Eleven", "¿Qué?", "C++", "O’Neill", "a b", "e\u0301", "❤️ Ltd", "auth0|5f7c", "x\u00a0y",
	} {
		assert.NoError(t, checkText("name", text, 200), "%q", text)
	}
	for _, text := range []string{
		"", " ", "\t", "a\r\nBcc: x@y.z", "a\nb", "a\rb", "a\tb", "a\x00b", "a\x1bb", "a\x7fb", "a\u0085b", "a\u2028b", "a\u2029b",
		"a\u202eb", "\u202dabc", "a\u2066b\u2069", "a\u200eb", "a\u200fb", "a\u061cb", // direction
		"a\u200bb", "\u200b", "\ufeffa", "a\u2060b", "a\u00adb", "\u2063", "a\u180eb", // width
		"\u200da", "a\u200d", "\u200c", "a \u200d b", "ac\u200dme", "ac\u200cme", "💻\u200d", // joiners that join nothing
		"\u3164", "\u115f", "\u1160", "\uffa0", "Acme\u3164", "\u2800", "\u2800 \u2800", "\u0301", "\u00a0", "\u3000", "\u034f", "\ufe0f", // of nothing visible
		"a\ue000b", "a\U000e0041b", "a\U0010ffffb", "a\ufff9b", "a\u0378b", // private, tags, not assigned
		"a\xffb", "\xed\xa0\x80", strings.Repeat("x", 201),
	} {
		assert.ErrorIs(t, checkText("name", text, 200), ErrInvalid, "%q", text)
	}
}

func TestEmailIsOneAddress(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"ann@acme.org": "ann@acme.org", " ann@acme.org ": "ann@acme.org", "o'neill+x@mail.acme.org": "o'neill+x@mail.acme.org",
		"jörg@müller.example": "jörg@müller.example", "a@b.c": "a@b.c", "UPPER@acme.org": "UPPER@acme.org",
	} {
		got, err := checkEmail(given)
		require.NoError(t, err, given)
		assert.Equal(t, want, got)
	}
	for _, email := range []string{
		"", "ann", "@acme.org", "ann@", "ann@acme.org\r\nBcc: eve@evil.example", "ann@acme.org\n", "\nann@acme.org", "ann@acme.org\r",
		"ann@acme.org,eve@evil.example", "ann@acme.org, eve@evil.example", "ann@acme.org;eve@evil.example", "ann@acme.org eve@evil.example",
		"Ann <ann@acme.org>", "<ann@acme.org>", "ann@acme.org (Ann)", `"a b"@acme.org`, `"a@b"@acme.org`, "ann@acme@org", "ann\x00@acme.org",
		"ann\u202e@acme.org", "ann@acme\u200b.org", "an\u200dn@acme.org\u200d", "ann\t@acme.org", "ann@ac me.org", "ann\u00a0@acme.org",
		strings.Repeat("x", 250) + "@acme.org",
	} {
		_, err := checkEmail(email)
		assert.ErrorIs(t, err, ErrInvalid, "%q", email)
	}
}

func TestSettingsAreWhatTheDatabaseKeeps(t *testing.T) {
	t.Parallel()
	for _, value := range []any{
		map[string]string{"a": "b\x00c"}, map[string]string{"a\x00": "b"}, map[string]any{"a": []any{map[string]string{"b": "\x00"}}},
		json.RawMessage(`{"a":"\u0000"}`), json.RawMessage(`{"a":"\\\u0000"}`), json.RawMessage(`{"a":"\ud800"}`),
		json.RawMessage(`{"a":"\udc00\ud800"}`), json.RawMessage(`{"a":"\ud800\u0041"}`), json.RawMessage("{\"a\":\"\xff\"}"),
		json.RawMessage(`{"a":"\ud800\ud800"}`), "text", []int{1},
	} {
		_, err := NewSettings(value)
		assert.ErrorIs(t, err, ErrInvalid, "%s", value)
	}
	for _, value := range []any{
		map[string]string{"a": `\u0000`}, json.RawMessage(`{"a":"\\u0000"}`), json.RawMessage(`{"a":"\ud83d\ude00"}`),
		map[string]string{"a": "\U0001f600\n\t\"\\"}, json.RawMessage(`{"a":"\u0001"}`), map[string]int{}, nil,
	} {
		_, err := NewSettings(value)
		assert.NoError(t, err, "%s", value)
	}
}
