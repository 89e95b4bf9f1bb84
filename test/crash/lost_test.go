package crash

import (
	"strings"
	"testing"
)

// testNoticed has the last commit of each operation forgotten, though the store
// says that it was made. The tests that look for losses must find this one, or
// they would find none.
func testNoticed(t *testing.T, s *suite, _ *table) {
	for _, o := range operations {
		t.Run(o.name, func(t *testing.T) {
			p := s.base.clone(t)
			key := p.openLocal(t)
			key.store.Store = injector(t, "commit-lost", o.commits()).Store(key.disk)
			if err := o.run(t.Context(), key.Device, p); err != nil {
				t.Fatal(err)
			}
			key.abandon(t)
			again := p.openLocal(t)
			defer again.close(t)
			if o.name == "sign" {
				err := p.ledger.assert(t.Context(), again.Device, p.ledger.credentials[0])
				if err == nil || !strings.Contains(err.Error(), "signature counter") {
					t.Errorf("got %v, want the counter to repeat itself", err)
				}
				return
			}
			want, left := o.after(o.commits())
			if got, retries := observe(t, again.Device, &p.ledger); got == want && retries == left {
				t.Errorf("got %+v and %d retries: the loss is not noticed", got, retries)
			}
		})
	}
}
