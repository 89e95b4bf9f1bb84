package seal

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

// needKeyring skips a test where the kernel gives no keyring, as in most
// containers. test/interop/seal runs it where it must be there.
func needKeyring(t *testing.T) {
	t.Helper()
	if _, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_USER_KEYRING, true); err != nil {
		t.Skipf("no keyring here: %v", err)
	}
}

func TestKeyring(t *testing.T) {
	needKeyring(t)
	for _, ring := range []Ring{"", RingUser, RingSession} {
		t.Run(string(ring), func(t *testing.T) {
			key := NewKey()
			slot := sealWith(t, key, Keyring{Ring: ring})
			got, err := slot.Open(Keyring{})
			if err != nil || *got != *key {
				t.Fatalf("Open = %v; want the key", err)
			}
			for range 2 { // forgetting what is forgotten is no error
				if err := (Keyring{}).Forget(slot); err != nil {
					t.Errorf("Forget: %v", err)
				}
			}
			if _, err := slot.Open(Keyring{}); !errors.Is(err, ErrAbsent) {
				t.Errorf("Open afterwards: got %v, want %v", err, ErrAbsent)
			}
		})
	}
}

// A key of another size, which anybody may give the kernel, is not taken.
func TestForeignKey(t *testing.T) {
	needKeyring(t)
	for _, size := range []int{1, 31, 33, 100} {
		kp := keyringParams{RingUser, "softkey:test of a foreign key"}
		if err := kp.add(make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		if _, err := (Keyring{}).Recover(mustMarshal(t, kp)); !errors.Is(err, ErrAbsent) {
			t.Errorf("%d bytes: got %v, want %v", size, err, ErrAbsent)
		}
		if err := kp.forget(); err != nil {
			t.Error(err)
		}
	}
}
