package authenticator

import (
	"bytes"
	"crypto/sha256"
	"slices"

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

func isBlinkRPID(rpID string) bool { return slices.Contains(blinkRPIDs, rpID) }

// u2fBlinks are the registrations of that kind through U2F: Chromium fills
// application and challenge with the letters A and B, libfido2 hashes "localhost"
// and nothing.
var u2fBlinks = []ctap.U2FRegisterRequest{
	{Application: [32]byte(bytes.Repeat([]byte{'A'}, 32)), Challenge: [32]byte(bytes.Repeat([]byte{'B'}, 32))},
	{Application: hashRPID("localhost"), Challenge: sha256.Sum256(nil)},
}

// blinkHashes are the hashes of blinkRPIDs.
var blinkHashes = [][32]byte{hashRPID(blinkRPIDs[0]), hashRPID(blinkRPIDs[1]), hashRPID(blinkRPIDs[2])}

// isU2FBlink is isBlink for U2F.
func isU2FBlink(req ctap.U2FRegisterRequest) bool {
	return slices.Contains(u2fBlinks, req) || slices.Contains(blinkHashes, req.Application)
}

// isZeroLength tells whether a byte string is there and empty.
func isZeroLength(b []byte) bool { return b != nil && len(b) == 0 }
