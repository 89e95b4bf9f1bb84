package ctap

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// SW is the status word that ends the answer to an APDU (ISO 7816-4). Any but
// [SWNoError] is an error.
type SW uint16

// swSize is how many bytes a status word has.
const swSize = 2

// The status words of U2F.
const (
	SWNoError                SW = 0x9000
	SWWrongLength            SW = 0x6700
	SWConditionsNotSatisfied SW = 0x6985
	SWCommandNotAllowed      SW = 0x6986
	SWWrongData              SW = 0x6A80
	SWInsNotSupported        SW = 0x6D00
	SWClaNotSupported        SW = 0x6E00
	SWUnknown                SW = 0x6F00
)

var swNames = map[SW]string{
	SWNoError:                "SW_NO_ERROR",
	SWWrongLength:            "SW_WRONG_LENGTH",
	SWConditionsNotSatisfied: "SW_CONDITIONS_NOT_SATISFIED",
	SWCommandNotAllowed:      "SW_COMMAND_NOT_ALLOWED",
	SWWrongData:              "SW_WRONG_DATA",
	SWInsNotSupported:        "SW_INS_NOT_SUPPORTED",
	SWClaNotSupported:        "SW_CLA_NOT_SUPPORTED",
	SWUnknown:                "SW_UNKNOWN",
}

// Error returns the name and the number of the status word, such as
// "SW_WRONG_DATA (0x6A80)".
func (sw SW) Error() string {
	name, ok := swNames[sw]
	if !ok {
		name = "status word"
	}
	return fmt.Sprintf("%s (0x%04X)", name, uint16(sw))
}

// Append appends the two bytes of the status word to b.
func (sw SW) Append(b []byte) []byte {
	return binary.BigEndian.AppendUint16(b, uint16(sw))
}

// CommandAPDU is a command of ISO 7816-4. How many bytes the host expects (Le)
// is not kept: over HID an answer is always sent whole.
type CommandAPDU struct {
	CLA, INS, P1, P2 byte
	Data             []byte
}

// ParseCommandAPDU reads an APDU in the short or the extended form, or in the
// forms that U2F hosts send beside them: no data, written as an extended length
// of zero with up to three bytes of Le (`00 03 00 00 00 00 00 00 00`).
//
// The error is [SWWrongLength]. The header is filled in where there are four
// bytes, whatever the error, since an unknown class or instruction goes before
// a wrong length (U2F §3.3).
func ParseCommandAPDU(b []byte) (CommandAPDU, error) {
	const header = 4
	if len(b) < header {
		return CommandAPDU{}, fmt.Errorf("APDU of %d bytes: %w", len(b), SWWrongLength)
	}
	apdu := CommandAPDU{CLA: b[0], INS: b[1], P1: b[2], P2: b[3]}
	data, err := apduData(b[header:])
	if err != nil {
		return apdu, fmt.Errorf("APDU of %d bytes: %w", len(b), err)
	}
	apdu.Data = data
	return apdu, nil
}

// apduData returns the data of an APDU's body, which is one of
//
//	nothing | Le (1) | Lc (1) data [Le (1)] | 00 Le (2) | 00 Lc (2) data [Le (≤ 3)]
func apduData(body []byte) ([]byte, error) {
	switch {
	case len(body) <= 1:
		return nil, nil
	case body[0] != 0:
		return cutData(body[1:], int(body[0]), 1)
	case len(body) == 3:
		return nil, nil // extended Le alone, or Lc = 0
	case len(body) < 3:
		return nil, SWWrongLength
	}
	return cutData(body[3:], int(binary.BigEndian.Uint16(body[1:])), 3)
}

// cutData takes length bytes from the front of b, after which at most le bytes
// may follow.
func cutData(b []byte, length, le int) ([]byte, error) {
	if len(b) < length || len(b) > length+le {
		return nil, SWWrongLength
	}
	return b[:length], nil
}

// Append appends the APDU to b in the extended form, as hosts send it over HID:
//
//	CLA INS P1 P2 00 Lc (2) data 00 00
func (c CommandAPDU) Append(b []byte) []byte {
	const around = 4 + 3 + 2 // header, Lc and Le
	b = append(slices.Grow(b, around+len(c.Data)), c.CLA, c.INS, c.P1, c.P2, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(len(c.Data)))
	b = append(b, c.Data...)
	return append(b, 0, 0)
}

// ParseResponseAPDU splits an answer into its data and its status word; err is
// the status word if it is not [SWNoError].
func ParseResponseAPDU(b []byte) (data []byte, err error) {
	if len(b) < 2 {
		return nil, fmt.Errorf("ctap: APDU response of %d bytes", len(b))
	}
	data = b[:len(b)-2]
	if sw := SW(binary.BigEndian.Uint16(b[len(b)-2:])); sw != SWNoError {
		return data, sw
	}
	return data, nil
}
