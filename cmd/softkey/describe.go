package main

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
)

// maxShown is how many characters of a name are shown to the user.
const maxShown = 256

// shown returns a host's text as it may be shown to the user.
func shown(text string) string {
	runes := []rune(printable(text))
	if len(runes) > maxShown {
		return string(runes[:maxShown]) + "…"
	}
	return string(runes)
}

// action returns what a prompt asks the user to agree to.
func action(p authenticator.Prompt) string {
	switch p.Kind {
	case authenticator.KindSelect:
		return "select this key"
	case authenticator.KindReset:
		return "erase this key"
	case authenticator.KindEnroll:
		return "enrol a finger"
	}
	switch p.Operation {
	case ctap.CommandMakeCredential.String(), authenticator.OperationU2FRegister:
		return "register"
	case ctap.CommandGetAssertion.String(), authenticator.OperationU2FAuthenticate:
		return "sign in"
	}
	return cmp.Or(p.Operation, "agree")
}

// site names the site that a prompt is about; "" where there is none. Hosts of
// U2F tell the hash of the name alone.
func site(p authenticator.Prompt) string {
	switch {
	case p.Kind != authenticator.KindConsent:
		return ""
	case p.RPID != "":
		return shown(p.RPID)
	case p.RPIDHash != [32]byte{}:
		return "not named (U2F application " + hex.EncodeToString(p.RPIDHash[:4]) + "…)"
	}
	return ""
}

// describe returns a prompt in one line.
func describe(p authenticator.Prompt) string {
	var b strings.Builder
	b.WriteString(action(p))
	if s := site(p); s != "" {
		fmt.Fprintf(&b, ", site %s", s)
	}
	if p.User != "" {
		fmt.Fprintf(&b, ", account %s", shown(p.User))
	}
	return b.String()
}
