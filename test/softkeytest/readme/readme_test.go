package login_test

import (
	"testing"

	"github.com/softkey-project/softkey/test/softkeytest"
)

func TestPasskey(t *testing.T) {
	key := softkeytest.New(t)
	registration := key.Create(`{"rp":{"id":"example.com","name":"Example"},
		"user":{"id":"YWRh","name":"ada","displayName":"Ada"},"challenge":"Y2hhbGxlbmdl",
		"pubKeyCredParams":[{"type":"public-key","alg":-7}],"authenticatorSelection":{"residentKey":"required"}}`)
	login := key.Get(`{"rpId":"example.com","challenge":"bG9naW4"}`)
	t.Logf("for your server to verify:\n%s\n%s", registration, login)
}
