package trace

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/softkey-project/softkey/ctap"
)

// u2f reads an APDU.
type u2f struct {
	apdu ctap.CommandAPDU
	data []byte // the whole message
	err  error  // why it is no APDU
}

func newU2F(data []byte) *u2f {
	apdu, err := ctap.ParseCommandAPDU(data)
	return &u2f{apdu, data, err}
}

var instructionNames = map[byte]string{
	ctap.U2FRegister:     "U2F_REGISTER",
	ctap.U2FAuthenticate: "U2F_AUTHENTICATE",
	ctap.U2FVersion:      "U2F_VERSION",
}

var controlNames = map[byte]string{
	ctap.U2FCheckOnly:      "check-only",
	ctap.U2FEnforceAndSign: "enforce-user-presence-and-sign",
	ctap.U2FSign:           "dont-enforce-user-presence-and-sign",
}

func (m *u2f) name() string {
	return cmp.Or(instructionNames[m.apdu.INS], fmt.Sprintf("INS %02X", m.apdu.INS))
}

func (m *u2f) request() string {
	if m.err != nil {
		return raw(m.data, m.err)
	}
	header := fmt.Sprintf("CLA %02X, P1 %02X, P2 %02X", m.apdu.CLA, m.apdu.P1, m.apdu.P2)
	data, err := m.fields()
	if err != nil {
		data = raw(m.apdu.Data, err)
	}
	return strings.TrimSuffix(header+"\n"+data, "\n")
}

// fields returns the data of the APDU, taken apart.
func (m *u2f) fields() (string, error) {
	switch m.apdu.INS {
	case ctap.U2FRegister:
		r, err := ctap.ParseU2FRegisterRequest(m.apdu.Data)
		return fmt.Sprintf("challenge h'%x'\napplication h'%x'", r.Challenge, r.Application), err
	case ctap.U2FAuthenticate:
		r, err := ctap.ParseU2FAuthenticateRequest(m.apdu)
		control := cmp.Or(controlNames[r.Control], "unknown")
		return fmt.Sprintf("control %s\nchallenge h'%x'\napplication h'%x'\nkeyHandle of %d bytes h'%x'",
			control, r.Challenge, r.Application, len(r.KeyHandle), r.KeyHandle), err
	}
	if len(m.apdu.Data) == 0 {
		return "", nil
	}
	return fmt.Sprintf("data h'%x'", m.apdu.Data), nil
}

func (m *u2f) answer(resp []byte) (status, body string) {
	if len(resp) == 0 {
		return "no answer", ""
	}
	data, err := ctap.ParseResponseAPDU(resp)
	if sw := ctap.SW(0); err != nil && !errors.As(err, &sw) {
		return "malformed", raw(resp, err)
	}
	status = ctap.SWNoError.Error()
	if err != nil {
		status = err.Error()
	}
	body, err = m.answerFields(data)
	if err != nil {
		body = raw(data, err)
	}
	return status, body
}

// answerFields returns the data of the answer, taken apart.
func (m *u2f) answerFields(data []byte) (string, error) {
	if len(data) == 0 {
		return "", nil
	}
	switch m.apdu.INS {
	case ctap.U2FRegister:
		r, err := ctap.ParseU2FRegisterResponse(data)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("publicKey h'%x'\nkeyHandle of %d bytes h'%x'\ncertificate h'%x'\nsignature h'%x'",
			r.PublicKey, len(r.KeyHandle), r.KeyHandle, r.Certificate, r.Signature), nil
	case ctap.U2FAuthenticate:
		r, err := ctap.ParseU2FAuthenticateResponse(data)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("flags %v, counter %d\nsignature h'%x'", flags(r.Flags), r.Counter, r.Signature), nil
	}
	return fmt.Sprintf("data %+q", data), nil
}
