package client_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
)

// TestNewPIN has PINs that are not worth asking the key: the script is empty.
func TestNewPIN(t *testing.T) {
	tests := []struct {
		name, info, pin string
	}{
		{"empty", "", ""},
		{"three letters", "", "abc"},
		{"three letters of two bytes", "", "äöü"},
		{"four code points that are two letters", "", "a\u0308o\u0308"},
		{"shorter than the key's minimum", "0d 06", "12345"},
		{"longer than the key's maximum", "181d 08", "123456789"},
		{"64 bytes", "", strings.Repeat("1", 64)},
		{"32 letters of 64 bytes", "", strings.Repeat("ä", 32)},
		{"not UTF-8", "", "1234\xff"},
		{"a NUL", "", "1234\x00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := openInfo(t, tt.info)
			for what, err := range map[string]error{
				"set":    d.SetPIN(t.Context(), tt.pin),
				"change": d.ChangePIN(t.Context(), "1234", tt.pin),
			} {
				if !errors.Is(err, client.ErrNewPIN) {
					t.Errorf("%s: got %v, want %v", what, err, client.ErrNewPIN)
				}
			}
		})
	}
}

// TestNewPINTaken has PINs at the limits.
func TestNewPINTaken(t *testing.T) {
	for _, tt := range []struct{ info, pin string }{
		{"", "1234"}, {"", "\u00e4\u00f6\u00fc\u00df"}, {"", strings.Repeat("1", 63)}, {"", strings.Repeat("ä", 31)},
		{"0d 06", "123456"}, {"181d 08", "12345678"},
	} {
		if err := openAnswers(t, withMember(getInfo.respond, tt.info), agreementAnswer, "00").SetPIN(t.Context(), tt.pin); err != nil {
			t.Errorf("%q: %v", tt.pin, err)
		}
	}
}

// TestProtocolChoice takes the key's favourite of the protocols that exist.
func TestProtocolChoice(t *testing.T) {
	for member, want := range map[string]string{"": "01", "06 82 02 01": "02", "06 82 01 02": "01", "06 83 05 02 01": "02"} {
		s := &script{t: t, exchanges: []exchange{
			{ctap.CTAP2, "04", withMember(getInfo.respond, member)}, {ctap.CTAP2, "06 a2 01" + want + "02 01", "00 a1 03 08"},
		}}
		if _, err := s.open(ctaphid.CapCBOR).PINRetries(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// openInfo returns a device whose getInfo has a further member, in hex.
func openInfo(t *testing.T, member string) *client.Device {
	t.Helper()
	return openAnswers(t, withMember(getInfo.respond, member))
}

// withMember adds a member to a map of two.
func withMember(info, member string) string {
	if member == "" {
		return info
	}
	return strings.Replace(info, "00 a2", "00 a3", 1) + member
}

// agreementAnswer is a key's answer to getKeyAgreement.
const agreementAnswer = "00a101a5010203381820012158205b36890dacbd7c9a96bb74a1ee28b3d2d75b72e09a20ef25cf8e6fd8a9f0350d" +
	"2258200e14bed8d4682a34d83538bdff5b96e89a6666ec0db5745d02fa1210072df75a"

// TestPINErrors has keys that refuse a PIN and then say what is left, or not.
func TestPINErrors(t *testing.T) {
	tests := []struct {
		name    string
		answers []string
		want    error
		left    *client.PINRetries
		text    string
	}{
		{"wrong", []string{"31", "00 a1 03 07"}, ctap.StatusPINInvalid, &client.PINRetries{Left: 7}, "7 retries left"},
		{"three in a row", []string{"34", "00 a2 03 05 04 f5"}, ctap.StatusPINAuthBlocked, &client.PINRetries{Left: 5, PowerCycle: true}, "plugged in again"},
		{"blocked", []string{"32", "00 a1 03 00"}, ctap.StatusPINBlocked, &client.PINRetries{}, "0 retries left"},
		{"the key will not say", []string{"31", "7f"}, ctap.StatusPINInvalid, nil, ""},
		{"the key forgets to say", []string{"31", "00 a0"}, ctap.StatusPINInvalid, nil, ""},
		{"not set", []string{"35"}, ctap.StatusPINNotSet, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := openAnswers(t, append([]string{getInfo.respond, agreementAnswer}, tt.answers...)...)
			token, err := d.PINToken(t.Context(), "1234", 0, "")
			var e *client.PINError
			if token != nil || !errors.Is(err, tt.want) || errors.As(err, &e) != (tt.left != nil) {
				t.Fatalf("got %v, %v; want %v", token, err, tt.want)
			}
			if tt.left != nil && (e.Retries != *tt.left || !strings.Contains(err.Error(), tt.text)) {
				t.Errorf("got %v, want %v and %q", err, *tt.left, tt.text)
			}
		})
	}
}

// tokensInfo is the getInfo of a key with option pinUvAuthToken.
const tokensInfo = "00 a3 01 81 68 4649444f5f325f31 03 50 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 04 a1 6e 70696e557641757468546f6b656e f5"

// TestUVErrors has keys that do not recognise the user.
func TestUVErrors(t *testing.T) {
	tests := []struct {
		name    string
		answers []string
		want    error
		left    uint64
		known   bool
	}{
		{"not recognised", []string{"3f", "00 a1 05 02"}, ctap.StatusUVInvalid, 2, true},
		{"blocked", []string{"3c", "00 a1 05 00"}, ctap.StatusUVBlocked, 0, true},
		{"the key will not say", []string{"3f", "7f"}, ctap.StatusUVInvalid, 0, false},
		{"the key forgets to say", []string{"3f", "00 a0"}, ctap.StatusUVInvalid, 0, false},
		{"not set up", []string{"30"}, ctap.StatusNotAllowed, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := openAnswers(t, append([]string{tokensInfo, agreementAnswer}, tt.answers...)...)
			token, err := d.UVToken(t.Context(), ctap.PermissionGetAssertion, "b.c")
			var e *client.UVError
			if token != nil || !errors.Is(err, tt.want) || errors.As(err, &e) != tt.known {
				t.Fatalf("got %v, %v; want %v", token, err, tt.want)
			}
			if tt.known && e.Retries != tt.left {
				t.Errorf("got %v, want %d retries", err, tt.left)
			}
		})
	}
	if _, err := openAnswers(t, getInfo.respond).UVToken(t.Context(), ctap.PermissionGetAssertion, "b.c"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a key without tokens: got %v, want %v", err, errors.ErrUnsupported)
	}
}

// TestMalformedTokens has answers without a token: the failure is the client's
// finding, and must not look like a status that the key answered.
func TestMalformedTokens(t *testing.T) {
	tests := []struct{ name, agreement, token string }{
		{"no key", "00 a0", ""},
		{"a key that is no map", "00 a1 01 05", ""},
		{"a key on another curve", strings.Replace(agreementAnswer, "2001", "2002", 1), ""},
		{"a key that is no point", strings.Replace(agreementAnswer, "5b36", "5b37", 1), ""},
		{"no token", agreementAnswer, "00 a0"},
		{"no block", agreementAnswer, "00 a1 02 41 00"},
		{"no length of a token", agreementAnswer, "00 a1 02 58 30" + strings.Repeat("00", 48)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			token, err := openAnswers(t, tokensInfo, tt.agreement, tt.token).PINToken(t.Context(), "1234", 0, "")
			var status ctap.Status
			if token != nil || err == nil || errors.As(err, &status) {
				t.Errorf("got %v, %v; want an error without a status", token, err)
			}
		})
	}
}

func TestNewToken(t *testing.T) {
	tests := []struct {
		protocol uint64
		size     int
		ok       bool
	}{{1, 16, true}, {1, 32, true}, {2, 32, true}, {2, 16, false}, {1, 0, false}, {3, 32, false}, {0, 32, false}}
	for _, tt := range tests {
		token, err := client.NewToken(tt.protocol, make([]byte, tt.size))
		if (err == nil) != tt.ok || (token != nil) != tt.ok {
			t.Errorf("protocol %d, %d bytes: got %v, %v; want ok %v", tt.protocol, tt.size, token, err, tt.ok)
		}
	}
}

// TestAuthorize authenticates by a vector of python-fido2's PinProtocolV2.
func TestAuthorize(t *testing.T) {
	token, err := client.NewToken(2, unhex(t, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"))
	if err != nil {
		t.Fatal(err)
	}
	protocol, param := token.Authorize([]byte("message"))
	if want := unhex(t, "6297b77508a1a30ea4dfadd8f847c31b49aba45de10a79daf721d3f7ec112a24"); *protocol != 2 || !bytes.Equal(param, want) {
		t.Errorf("got protocol %d and %x, want 2 and %x", *protocol, param, want)
	}
	var none *client.Token
	if protocol, param := none.Authorize(nil); protocol != nil || param != nil {
		t.Errorf("without a token: got %v and %x, want neither", protocol, param)
	}
}

// TestUnsupported asks keys for what their getInfo does not offer.
func TestUnsupported(t *testing.T) {
	for _, d := range []*client.Device{openU2F(t), openInfo(t, "06 81 05")} {
		_, tokenErr := d.PINToken(t.Context(), "1234", 0, "")
		_, rpsErr := d.RPs(t.Context(), nil)
		_, retriesErr := d.PINRetries(t.Context())
		_, modalityErr := d.BioModality(t.Context())
		_, fingersErr := d.Fingerprints(t.Context(), nil)
		for i, err := range []error{tokenErr, rpsErr, retriesErr, modalityErr, fingersErr, d.SetPIN(t.Context(), "1234")} {
			if !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("%d: got %v, want %v", i, err, errors.ErrUnsupported)
			}
		}
	}
}
