package webauthn

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// parseOptions decodes options, with or without the member publicKey around
// them that navigator.credentials takes.
func parseOptions(data []byte, options any) error {
	var wrapper struct {
		PublicKey json.RawMessage `json:"publicKey"`
	}
	err := json.Unmarshal(data, &wrapper)
	if err == nil && wrapper.PublicKey != nil {
		data = wrapper.PublicKey
	}
	err = json.Unmarshal(data, options)
	switch {
	case errors.Is(err, errEncoding):
		return &Error{EncodingError, "a member of the options is malformed", err}
	case err != nil:
		return &Error{TypeError, "the options are malformed", err}
	}
	return nil
}

// base64URL is bytes that JSON has in base64url, with or without padding where
// it is read, without where it is written. An empty string is not nil.
type base64URL []byte

var errEncoding = errors.New("not base64url")

func (b *base64URL) UnmarshalText(text []byte) error {
	decoded, err := base64.RawURLEncoding.AppendDecode([]byte{}, []byte(strings.TrimRight(string(text), "=")))
	if err != nil {
		return errEncoding
	}
	*b = decoded
	return nil
}

func (b base64URL) MarshalText() ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(nil, b), nil
}

// milliseconds is a time in options.
type milliseconds float64

// Times that a ceremony may take (§15.1). There is no least one: who runs this
// client knows what they wait for.
const (
	defaultLifetime = 5 * time.Minute
	maxLifetime     = 10 * time.Minute
)

func (m milliseconds) lifetime() time.Duration {
	if m < 1 {
		return defaultLifetime
	}
	return time.Duration(min(float64(m), float64(maxLifetime/time.Millisecond))) * time.Millisecond
}
