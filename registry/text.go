package registry

import (
	"fmt"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxName  = 200
	maxUser  = 191
	maxRole  = 64
	maxEmail = 254
)

// letters, figures and signs are the visible characters of a text, and spaces and
// marks may stand between and on them, by Unicode's general categories. All others
// are refused: controls, which could end a line of a mail's header; formats, which
// are invisible or change the direction of text; and unassigned characters.
var (
	visible = []*unicode.RangeTable{unicode.L, unicode.N, unicode.P, unicode.Sc, unicode.Sk, unicode.Sm}
	allowed = append([]*unicode.RangeTable{unicode.M, unicode.So, unicode.Zs}, visible...)
)

// The two joiners are formats, and an exception: some scripts and composed emoji need
// them between two characters. Elsewhere they are invisible.
var joined = []*unicode.RangeTable{
	unicode.So, unicode.Sk, unicode.Variation_Selector, // Sk has the colours of skin
	unicode.Arabic, unicode.Syriac, unicode.Mongolian, unicode.Nko,
	unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati, unicode.Oriya, unicode.Tamil, unicode.Telugu,
	unicode.Kannada, unicode.Malayalam, unicode.Sinhala, unicode.Khmer, unicode.Myanmar,
}

const (
	nonJoiner = '\u200c'
	joiner    = '\u200d'
)

// checkText checks a text that a person may have typed: it must have visible
// characters, and no control or format characters.
func checkText(what, text string, longest int) error {
	switch {
	case strings.TrimSpace(text) == "":
		return fmt.Errorf("%w: the %s is empty", ErrInvalid, what)
	case !utf8.ValidString(text):
		return fmt.Errorf("%w: the %s is not UTF-8", ErrInvalid, what)
	case utf8.RuneCountInString(text) > longest:
		return fmt.Errorf("%w: the %s is longer than %d characters", ErrInvalid, what, longest)
	}
	before, shows := rune(0), false
	for i, c := range text {
		if !isAllowed(before, c, text[i+utf8.RuneLen(c):]) {
			return fmt.Errorf("%w: the %s holds a character that is no letter, number, sign or space", ErrInvalid, what)
		}
		shows = shows || unicode.In(c, visible...)
		before = c
	}
	if !shows {
		return fmt.Errorf("%w: the %s needs a letter, a number or a punctuation mark", ErrInvalid, what)
	}
	return nil
}

// isAllowed reports whether a character may stand in a text, between the one before
// it and the rest.
func isAllowed(before, c rune, rest string) bool {
	if c == joiner || c == nonJoiner {
		after, _ := utf8.DecodeRuneInString(rest)
		return rest != "" && unicode.In(before, joined...) && unicode.In(after, joined...)
	}
	if unicode.Is(unicode.Variation_Selector, c) { // upon a character, as with pictures
		return unicode.In(before, allowed...)
	}
	// Some letters and marks are invisible, such as the fillers of Hangul.
	return unicode.In(c, allowed...) && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, c)
}

// checkEmail returns an address as it may stand in the header of a mail: one
// address (RFC 5322, 3.4.1) without a name, quotes or comments (RFC 6531 allows
// letters beyond ASCII).
func checkEmail(email string) (string, error) {
	email = strings.Trim(email, " ")
	if err := checkText("email", email, maxEmail); err != nil {
		return "", err
	}
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email || strings.ContainsFunc(email, unicode.IsSpace) {
		return "", fmt.Errorf("%w: the email is no address such as name@example.com", ErrInvalid)
	}
	return email, nil
}
