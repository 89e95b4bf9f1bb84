package webauthn

import (
	"encoding/base64"
	"fmt"
)

// ChallengeEncoding says what the challenge of the options is.
type ChallengeEncoding int

// The encodings of a challenge.
const (
	// ChallengeBase64URL is what Level 3 says: the base64url of the bytes.
	ChallengeBase64URL ChallengeEncoding = iota
	// ChallengeText takes the string itself for the bytes, as the page of
	// privacyIDEA's passkey token does.
	ChallengeText
)

// bytes returns the challenge that the options have as s.
func (e ChallengeEncoding) bytes(s string) ([]byte, error) {
	if e == ChallengeText {
		return []byte(s), nil
	}
	var challenge base64URL
	if err := challenge.UnmarshalText([]byte(s)); err != nil {
		return nil, &Error{EncodingError, "challenge is malformed", err}
	}
	return challenge, nil
}

// The types of client data.
const (
	typeCreate = "webauthn.create"
	typeGet    = "webauthn.get"
)

// clientDataJSON returns the client data in the serialisation of §5.8.1.1, byte
// for byte, which servers may compare without a JSON parser:
//
//	{"type":"…","challenge":"…","origin":"…","crossOrigin":false}
func clientDataJSON(typ string, challenge []byte, origin string) []byte {
	b := appendCCD([]byte(`{"type":`), typ)
	b = appendCCD(append(b, `,"challenge":`...), base64.RawURLEncoding.EncodeToString(challenge))
	b = appendCCD(append(b, `,"origin":`...), origin)
	return append(b, `,"crossOrigin":false}`...)
}

// appendCCD appends s as a JSON string, in the one spelling of CCDToString.
func appendCCD(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"', r == '\\':
			b = append(b, '\\', byte(r))
		case r < ' ':
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			b = append(b, string(r)...)
		}
	}
	return append(b, '"')
}
