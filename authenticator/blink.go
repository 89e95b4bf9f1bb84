package authenticator

import (
	"bytes"
	"crypto/sha256"

	"github.com/softkey-project/softkey/ctap"
)

// Hosts that find several keys make all of them blink and take the one that is
// touched. CTAP 2.1 has a command for that; for older keys hosts register at a
// site that does not exist.

// blinkRPIDs are the RP IDs of such registrations: Chromium's, Firefox's and
// that of Windows.
var blinkRPIDs = []string{".dummy", "make.me.blink", "SelectDevice"}

// isBlink tells whether a registration through CTAP2 only makes the key blink.
// A pinUvAuthParam of no bytes says so by itself (§6.1.2, step 1).
func isBlink(req *ctap.MakeCredentialRequest) bool {
	return isZeroLength(req.PinUvAuthParam) || isBlinkRPID(req.RP.ID)
}

func isBlinkRPID(rpID string) bool {
	for _, id := range blinkRPIDs {
		if rpID == id {
			return true
		}
	}
	return false
}

// isU2FBlink is isBlink for U2F. Chromium fills application and challenge with
// the letters A and B, libfido2 hashes "localhost" and nothing.
func isU2FBlink(application, challenge [32]byte) bool {
	if application == [32]byte(bytes.Repeat([]byte{'A'}, 32)) && challenge == [32]byte(bytes.Repeat([]byte{'B'}, 32)) {
		return true
	}
	if application == sha256.Sum256([]byte("localhost")) && challenge == sha256.Sum256(nil) {
		return true
	}
	for _, id := range blinkRPIDs {
		if application == sha256.Sum256([]byte(id)) {
			return true
		}
	}
	return false
}

// isZeroLength tells whether a byte string is there and empty.
func isZeroLength(b []byte) bool { return b != nil && len(b) == 0 }
