package authenticator

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

func TestCommandRefusals(t *testing.T) {
	k := newKey(t, Approve{}, nil)
	for _, tt := range []struct {
		name    string
		message []byte
		want    ctap.Status
	}{
		{"nothing", nil, ctap.StatusInvalidLength},
		{"unknown command", []byte{0x66, 0xa0}, ctap.StatusInvalidCommand},
		{"bioEnrollment, which the profile lacks", []byte{0x09, 0xa1, 0x06, 0xf5}, ctap.StatusInvalidCommand},
		{"its preview", []byte{0x40, 0xa1, 0x06, 0xf5}, ctap.StatusInvalidCommand},
		{"makeCredential without parameters", []byte{0x01}, ctap.StatusInvalidCBOR},
		{"makeCredential of an empty map", []byte{0x01, 0xa0}, ctap.StatusMissingParameter},
		{"getAssertion of an array", []byte{0x02, 0x80}, ctap.StatusInvalidCBOR},
		{"a message too long", append([]byte{0x01}, make([]byte, 7609)...), ctap.StatusRequestTooLarge},
	} {
		if got := k.on(t.Context(), 1, ctap.CTAP2, tt.message); len(got) != 1 || ctap.Status(got[0]) != tt.want {
			t.Errorf("%s: got %x, want %02x", tt.name, got, byte(tt.want))
		}
	}
}

func TestSelection(t *testing.T) {
	presence := &asks{}
	k := newKey(t, presence, nil)
	if err := k.command(ctap.CommandSelection, nil, nil); err != nil {
		t.Errorf("touched: %v", err)
	}
	if presence.prompts[0].Kind != KindSelect {
		t.Errorf("asked %+v, want kind select", presence.prompts[0])
	}
	presence.answer = ctap.StatusOperationDenied
	wantStatus(t, "denied", k.command(ctap.CommandSelection, nil, nil), ctap.StatusOperationDenied)
}

func TestResetWindow(t *testing.T) {
	for _, tt := range []struct {
		name   string
		before func(k key)
		want   error
	}{
		{"at once", func(key) {}, nil},
		{"after 10 s", func(key) { time.Sleep(10 * time.Second) }, nil},
		{"later", func(key) { time.Sleep(10*time.Second + 1) }, ctap.StatusNotAllowed},
		{"later, plugged in again", func(k key) { time.Sleep(time.Minute); k.Plug() }, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newKey(t, Approve{}, nil)
				tt.before(k)
				wantStatus(t, "reset", k.command(ctap.CommandReset, nil, nil), tt.want)
			})
		})
	}
}

func TestReset(t *testing.T) {
	presence := &asks{}
	k := newKey(t, presence, nil)
	wrapped, stored, u2f := k.create(creation("ada", nil)), k.create(creation("bob", discoverable)), k.register()
	_, before := k.get(assertionBy(wrapped.id), wrapped)

	presence.prompts, presence.answer = nil, ctap.StatusOperationDenied
	wantStatus(t, "declined", k.command(ctap.CommandReset, nil, nil), ctap.StatusOperationDenied)
	if presence.prompts[0].Kind != KindReset {
		t.Errorf("asked %+v, want kind reset", presence.prompts[0])
	}
	presence.answer = nil
	k.get(assertionBy(stored.id), stored) // still there

	if err := k.command(ctap.CommandReset, nil, nil); err != nil {
		t.Fatal(err)
	}
	for name, id := range map[string][]byte{"wrapped": wrapped.id, "stored": stored.id, "U2F": u2f.handle} {
		wantStatus(t, name, k.command(ctap.CommandGetAssertion, assertionBy(id), nil), ctap.StatusNoCredentials)
	}
	wantStatus(t, "discoverable", k.command(ctap.CommandGetAssertion, assertionBy(), nil), ctap.StatusNoCredentials)
	fresh := k.create(creation("ada", discoverable))
	if _, after := k.get(assertionBy(), fresh); after.SignCount <= before.SignCount {
		t.Errorf("signCount %d after %d, want more: a reset does not turn it back", after.SignCount, before.SignCount)
	}
}

// A touch that a U2F host has not yet used is forgotten with everything else.
func TestResetForgetsTouch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := PresenceFunc(func(ctx context.Context, _ Prompt) error {
			select {
			case <-time.After(time.Second):
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		})
		for _, reset := range []bool{false, true} {
			k := newKey(t, slow, nil)
			_, err := k.apdu(registerAPDU)
			wantStatus(t, "register", err, ctap.SWConditionsNotSatisfied)
			time.Sleep(2 * time.Second)
			var want error
			if reset {
				wantStatus(t, "reset", k.command(ctap.CommandReset, nil, nil), nil)
				want = ctap.SWConditionsNotSatisfied
			}
			_, err = k.apdu(registerAPDU)
			wantStatus(t, "register after the touch", err, want)
			_ = k.Close()
		}
	})
}

// A key that is taken up again from its store knows everything.
func TestRestart(t *testing.T) {
	store := keystore.NewMemory()
	again := func() key { return newKey(t, Approve{}, func(c *Config) { c.Store = store }) }
	k := again()
	wrapped, stored := k.create(creation("ada", nil)), k.create(creation("bob", discoverable))
	_, before := k.get(assertionBy(wrapped.id), wrapped)
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	k = again()
	k.get(assertionBy(stored.id), stored)
	if _, after := k.get(assertionBy(wrapped.id), wrapped); after.SignCount != before.SignCount+2 {
		t.Errorf("signCount %d, want %d", after.SignCount, before.SignCount+2)
	}
}

// What comes after Close is refused, and does not wait.
func TestAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKey(t, Approve{}, nil)
		if err := k.Close(); err != nil {
			t.Fatal(err)
		}
		k.Plug()
		wantStatus(t, "SetPIN", k.SetPIN("1234"), ErrClosed)
		wantStatus(t, "getInfo", k.command(ctap.CommandGetInfo, nil, nil), ctap.StatusChannelBusy)
	})
}

// While one host's user is asked, another host hears soon that the key is busy.
func TestBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKey(t, PresenceFunc(Ignore), nil)
		ctx, cancel := context.WithCancelCause(t.Context())
		first := make(chan error)
		go func() { first <- k.commandOn(ctx, 1, ctap.CommandSelection, nil, nil) }()
		synctest.Wait()
		start := time.Now()
		wantStatus(t, "second host", k.command(ctap.CommandGetInfo, nil, nil), ctap.StatusChannelBusy)
		if took := time.Since(start); took != 200*time.Millisecond {
			t.Errorf("took %v, want 200ms", took)
		}
		_, err := k.apdu(ctap.CommandAPDU{INS: ctap.U2FVersion})
		wantStatus(t, "second host, U2F", err, ctap.SWConditionsNotSatisfied)

		cancelled, stop := context.WithCancel(t.Context())
		stop()
		wantStatus(t, "second host, gone", k.commandOn(cancelled, 2, ctap.CommandGetInfo, nil, nil), ctap.StatusChannelBusy)
		cancel(ctap.StatusKeepaliveCancel)
		if err := k.command(ctap.CommandGetInfo, nil, nil); err != nil {
			t.Errorf("after the first was cancelled: %v", err)
		}
		wantStatus(t, "first host", <-first, ctap.StatusKeepaliveCancel)
	})
}

// Whatever a host sends, it gets an answer that its protocol knows.
func FuzzHandle(f *testing.F) {
	f.Add(byte(2), append([]byte{1}, ctap.MustMarshal(creation("ada", discoverable))...))
	f.Add(byte(2), append([]byte{2}, ctap.MustMarshal(assertionBy([]byte{1}))...))
	f.Add(byte(2), []byte{4})
	f.Add(byte(2), []byte{7})
	f.Add(byte(1), registerAPDU.Append(nil))
	f.Add(byte(1), authenticate(3, make([]byte, 128)).Append(nil))
	k := newKey(f, Approve{}, nil)
	f.Fuzz(func(t *testing.T, protocol byte, message []byte) {
		if protocol == byte(ctap.CTAP1) {
			if _, err := ctap.ParseResponseAPDU(k.on(t.Context(), 1, ctap.CTAP1, message)); ctap.StatusOf(err) == ctap.StatusOther && err == ctap.SWUnknown {
				t.Errorf("internal error for %x", message)
			}
			return
		}
		answer := k.on(t.Context(), 1, ctap.CTAP2, message)
		if len(answer) == 0 || ctap.Status(answer[0]) == ctap.StatusOther {
			t.Fatalf("answer %x to %x, want a status that is not OTHER", answer, message)
		}
		if len(answer) > 1 && ctap.CheckCanonical(answer[1:]) != nil {
			t.Errorf("answer %x is not canonical", answer)
		}
	})
}
