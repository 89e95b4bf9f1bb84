package authenticator

import "slices"

// The PIN complexity policy (§7.4) refuses what people choose first: one
// character again and again, characters in a row, and a short list.

// commonPINs are refused whatever their shape.
var commonPINs = []string{
	"1004", "1010", "1122", "1212", "1234", "1313", "2000", "2001", "2020", "2580", "5683", "6969",
	"112233", "121212", "123123", "159753", "696969", "qwerty", "qwertz", "azerty", "letmein", "password", "passwort",
}

// isSimplePIN tells whether the policy refuses a PIN.
func isSimplePIN(pin string) bool {
	return slices.Contains(commonPINs, pin) || isRun([]rune(pin))
}

// isRun tells whether the step from one character to the next is always the
// same 0, 1 or -1: "1111", "4567", "dcba".
func isRun(pin []rune) bool {
	for i := 2; i < len(pin); i++ {
		if pin[i]-pin[i-1] != pin[1]-pin[0] {
			return false
		}
	}
	return len(pin) > 1 && pin[1]-pin[0] >= -1 && pin[1]-pin[0] <= 1
}
