package trace

import (
	"bytes"
	"fmt"

	"github.com/softkey-project/softkey/ctap"
)

// ctap2 reads a command byte and CBOR.
type ctap2 struct {
	command    ctap.Command
	parameters []byte
	empty      bool // there is no command byte
}

func newCTAP2(data []byte) *ctap2 {
	if len(data) == 0 {
		return &ctap2{empty: true}
	}
	return &ctap2{command: ctap.Command(data[0]), parameters: data[1:]}
}

func (m *ctap2) name() string {
	if m.empty {
		return "no command"
	}
	return m.command.String()
}

func (m *ctap2) request() string {
	described := messages[m.command]
	return diagnose(m.parameters, described.request, described.requestSecrets)
}

func (m *ctap2) answer(resp []byte) (status, body string) {
	if len(resp) == 0 {
		return "no answer", ""
	}
	described := messages[m.command]
	return ctap.Status(resp[0]).Error(), diagnose(resp[1:], described.response, described.responseSecrets)
}

// diagnose returns CBOR in diagnostic notation, or as bytes where it is not
// canonical: its exact form is of interest then. Of a message that may hold secrets
// and is not canonical nothing is shown, for they cannot be told from the rest.
func diagnose(data []byte, members map[int64]ctap.Member, secrets []secret) string {
	if len(data) == 0 {
		return ""
	}
	data, err := withhold(data, secrets)
	if err != nil {
		return withheld + "\n" + err.Error()
	}
	text, err := ctap.Diagnose(data, members)
	if err != nil {
		return raw(data, err)
	}
	return text
}

// noteAuthData says what authenticator data hold.
func noteAuthData(value []byte) string {
	var b []byte
	if err := ctap.Unmarshal(value, &b); err != nil {
		return ""
	}
	d, err := ctap.ParseAuthenticatorData(b)
	if err != nil {
		return "malformed"
	}
	note := fmt.Sprintf("rpIdHash %x, flags %v, signCount %d", d.RPIDHash, flags(d.Flags), d.SignCount)
	if c := d.Credential; c != nil {
		note += fmt.Sprintf(", aaguid %x, credentialId %x", c.AAGUID, c.ID)
	}
	if bytes.Contains(d.Extensions, []byte(withheld)) {
		note += ", credBlob withheld"
	}
	return note
}
