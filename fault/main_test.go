package fault

import (
	"context"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/test/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// inject returns the injector of rules in their short form.
func inject(t *testing.T, rules ...string) *Injector { return injectSeeded(t, 1, rules...) }

func injectSeeded(t *testing.T, seed uint64, rules ...string) *Injector {
	t.Helper()
	p := Plan{Seed: seed}
	for _, text := range rules {
		r, err := ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		p.Rules = append(p.Rules, r)
	}
	in, err := New(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// handlerFunc is a ctap.Handler made of a function.
type handlerFunc func(context.Context, *ctap.Request) []byte

func (f handlerFunc) Handle(ctx context.Context, req *ctap.Request) []byte { return f(ctx, req) }
