package trace

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

// zeros stands for the hexadecimal digits of n bytes of zero.
func zeros(n int) string { return strings.Repeat("00", n) }

func TestText(t *testing.T) {
	registration := ctap.U2FRegisterResponse{PublicKey: make([]byte, 65), KeyHandle: []byte{1, 2}, Certificate: []byte{0x30, 0}, Signature: []byte{9}}
	assertion := ctap.U2FAuthenticateResponse{Flags: ctap.FlagUP, Counter: 258, Signature: []byte{9}}
	authData := ctap.AuthenticatorData{
		Flags: ctap.FlagUP | ctap.FlagUV, SignCount: 7,
		Credential: &ctap.AttestedCredential{ID: []byte{0xAB}, PublicKey: []byte{0xA0}},
	}
	tests := []struct {
		name     string
		protocol ctap.Protocol
		data     []byte
		resp     []byte
		want     string // without the time, the number and where the message came from
	}{
		{
			"U2F version", ctap.CTAP1, unhex(t, "00030000"), append([]byte("U2F_V2"), 0x90, 0),
			"CTAP1 U2F_VERSION, 4 bytes\n    CLA 00, P1 00, P2 00\n" +
				"SW_NO_ERROR (0x9000)\n    data \"U2F_V2\"\n",
		},
		{
			"U2F register", ctap.CTAP1, ctap.U2FRegisterRequest{Application: [32]byte{1}}.APDU().Append(nil),
			ctap.SWNoError.Append(registration.Append(nil)),
			"CTAP1 U2F_REGISTER, 73 bytes\n    CLA 00, P1 03, P2 00\n    challenge h'" + zeros(32) + "'\n    application h'01" + zeros(31) + "'\n" +
				"SW_NO_ERROR (0x9000)\n    publicKey h'" + zeros(65) + "'\n    keyHandle of 2 bytes h'0102'\n    certificate h'3000'\n    signature h'09'\n",
		},
		{
			"U2F authenticate", ctap.CTAP1, ctap.U2FAuthenticateRequest{Control: ctap.U2FEnforceAndSign, KeyHandle: []byte{1, 2}}.APDU().Append(nil),
			ctap.SWNoError.Append(assertion.Append(nil)),
			"CTAP1 U2F_AUTHENTICATE, 76 bytes\n    CLA 00, P1 03, P2 00\n    control enforce-user-presence-and-sign\n    challenge h'" + zeros(32) + "'\n" +
				"    application h'" + zeros(32) + "'\n    keyHandle of 2 bytes h'0102'\n" +
				"SW_NO_ERROR (0x9000)\n    flags 01 UP, counter 258\n    signature h'09'\n",
		},
		{
			"U2F check-only", ctap.CTAP1, ctap.U2FAuthenticateRequest{Control: ctap.U2FCheckOnly, KeyHandle: []byte{1}}.APDU().Append(nil),
			ctap.SWConditionsNotSatisfied.Append(nil),
			"CTAP1 U2F_AUTHENTICATE, 75 bytes\n    CLA 00, P1 07, P2 00\n    control check-only\n    challenge h'" + zeros(32) + "'\n" +
				"    application h'" + zeros(32) + "'\n    keyHandle of 1 bytes h'01'\nSW_CONDITIONS_NOT_SATISFIED (0x6985)\n",
		},
		{
			"U2F of a wrong length", ctap.CTAP1, unhex(t, "00010300 01 aa"), unhex(t, "6700"),
			"CTAP1 U2F_REGISTER, 6 bytes\n    CLA 00, P1 03, P2 00\n    h'aa'\n    U2F register with 1 bytes: SW_WRONG_LENGTH (0x6700)\nSW_WRONG_LENGTH (0x6700)\n",
		},
		{
			"no APDU", ctap.CTAP1, unhex(t, "0001"), unhex(t, "aa"),
			"CTAP1 INS 00, 2 bytes\n    h'0001'\n    APDU of 2 bytes: SW_WRONG_LENGTH (0x6700)\nmalformed\n    h'aa'\n    ctap: APDU response of 1 bytes\n",
		},
		{
			"makeCredential", ctap.CTAP2, append([]byte{1}, ctap.MustMarshal(ctap.MakeCredentialRequest{
				ClientDataHash: []byte{1}, RP: &ctap.RelyingParty{ID: "example.com", Name: "\x1b[2J"},
			})...),
			append([]byte{0}, ctap.MustMarshal(ctap.MakeCredentialResponse{Format: "none", AuthData: authData.Append(nil), AttStmt: map[string]int{}})...),
			"CTAP2 authenticatorMakeCredential, 32 bytes\n    {1 / clientDataHash /: h'01',\n     2 / rp /: {\"id\": \"example.com\", \"name\": \"\\u001b[2J\"}}\n" +
				"CTAP2_OK (0x00)\n    {1 / fmt /: \"none\",\n" +
				"     2 / authData /: h'" + zeros(32) + "4500000007" + zeros(16) + "0001aba0' / rpIdHash " + zeros(32) +
				", flags 45 UP UV AT, signCount 7, aaguid " + zeros(16) + ", credentialId ab /,\n     3 / attStmt /: {}}\n",
		},
		{
			"getInfo", ctap.CTAP2, []byte{4}, append([]byte{0}, ctap.MustMarshal(ctap.GetInfoResponse{Versions: []string{"U2F_V2"}, AAGUID: []byte{1}})...),
			"CTAP2 authenticatorGetInfo, 1 bytes\nCTAP2_OK (0x00)\n    {1 / versions /: [\"U2F_V2\"],\n     3 / aaguid /: h'01'}\n",
		},
		{
			"CBOR that is not canonical", ctap.CTAP2, unhex(t, "02 a1 1801 61 61"), []byte{0x12},
			"CTAP2 authenticatorGetAssertion, 6 bytes\n    h'a118016161'\n    CBOR at byte 2: not the shortest form: CTAP2_ERR_INVALID_CBOR (0x12)\n" +
				"CTAP2_ERR_INVALID_CBOR (0x12)\n",
		},
		{
			"a damaged answer", ctap.CTAP2, []byte{8}, unhex(t, "00 a2 02 41 aa 03 01"),
			"CTAP2 authenticatorGetNextAssertion, 1 bytes\nCTAP2_OK (0x00)\n    {2 / authData /: h'aa' / malformed /,\n     3 / signature /: 1}\n",
		},
		{
			"unknown command", ctap.CTAP2, unhex(t, "50 01"), []byte{1},
			"CTAP2 command 0x50, 2 bytes\n    1\nCTAP1_ERR_INVALID_COMMAND (0x01)\n",
		},
		{
			"a secret that is not canonical", ctap.CTAP2, unhex(t, "06 a1 1805 41 aa"), []byte{0x12},
			"CTAP2 authenticatorClientPIN, 6 bytes\n    withheld\n    CBOR at byte 2: not the shortest form: CTAP2_ERR_INVALID_CBOR (0x12)\n" +
				"CTAP2_ERR_INVALID_CBOR (0x12)\n",
		},
		{
			"secrets of clientPIN", ctap.CTAP2, unhex(t, "06 a3 01 02 05 41 aa 06 41 bb"), unhex(t, "00 a2 02 41 cc 03 08"),
			"CTAP2 authenticatorClientPIN, 10 bytes\n    {1 / pinUvAuthProtocol /: 2,\n     5 / newPinEnc /: \"withheld\",\n     6 / pinHashEnc /: \"withheld\"}\n" +
				"CTAP2_OK (0x00)\n    {2 / pinUvAuthToken /: \"withheld\",\n     3 / pinRetries /: 8}\n",
		},
		{"nothing", ctap.CTAP2, nil, []byte{3}, "CTAP2 no command, 0 bytes\nCTAP1_ERR_INVALID_LENGTH (0x03)\n"},
	}
	variable := regexp.MustCompile(`(?m)^\S+ #1 (> usb source 1 channel 00000002|<) | after \S+$`)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			New(&out).Handler(answer(tt.resp)).Handle(t.Context(), request(tt.protocol, tt.data))
			entries(t, out.String())
			if got := variable.ReplaceAllString(out.String(), ""); got != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}
