package desktop

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/test/leak"
)

func TestMain(m *testing.M) {
	if conduct := os.Getenv(bePinentry); conduct != "" {
		fakePinentry(conduct)
		return
	}
	leak.Main(m)
}

// prompt is what is asked in these tests, and question its words.
var (
	prompt   = authenticator.Prompt{Operation: "authenticatorGetAssertion", Kind: authenticator.KindConsent, RPID: "example.com", Timeout: time.Minute}
	question = Question{Title: "Sign in?", Body: "site example.com\naccount <b>ada & co</b>"}
)

func words(authenticator.Prompt) Question { return question }

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// cancelled returns a context that withdraws the prompt, and what does so.
func cancelled(t *testing.T) (context.Context, func()) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	return ctx, func() { cancel(ctap.StatusKeepaliveCancel) }
}
