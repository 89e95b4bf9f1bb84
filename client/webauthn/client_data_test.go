package webauthn

import "testing"

// TestClientDataSerialisation has the characters that CCDToString treats by
// themselves (§5.8.1.2).
func TestClientDataSerialisation(t *testing.T) {
	got := string(clientDataJSON("t", []byte{0xff, 0xef}, "a\"b\\c\x00\n\x1f\x7f</ü\u2028😀"))
	const want = `{"type":"t","challenge":"_-8","origin":"a\"b\\c\u0000\u000a\u001f` + "\x7f</ü\u2028😀" + `","crossOrigin":false}`
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
