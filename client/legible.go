package client

import (
	"strings"

	"github.com/softkey-project/softkey/ctap"
)

// legible returns a key's text in UTF-8. There are keys that cut a name inside a
// letter, of which what is left becomes U+FFFD.
func legible(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

func legibleUser(u ctap.User) ctap.User {
	u.Name, u.DisplayName = legible(u.Name), legible(u.DisplayName)
	return u
}
