package seal

import (
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

const keyType = "user" // of keys that processes read and write

// possess calls use with the number of the ring, on a thread that possesses what
// is in it: who does not may neither read a key nor find it (keyrings(7)). The
// processes of a service do not possess their user's ring, and rings belong to
// threads.
func (kp keyringParams) possess(use func(ring int) error) (err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	name := unix.KEY_SPEC_USER_KEYRING
	if kp.Ring == RingSession {
		name = unix.KEY_SPEC_SESSION_KEYRING
	}
	ring, err := unix.KeyctlGetKeyringID(name, false) // by its name, adding a key might make a ring for this thread alone
	if err != nil {
		return keyringError("get_keyring_id", err)
	}
	if _, err := unix.KeyctlInt(unix.KEYCTL_LINK, ring, unix.KEY_SPEC_THREAD_KEYRING, 0, 0); err != nil {
		return keyringError("link", err)
	}
	defer func() {
		_, unlink := unix.KeyctlInt(unix.KEYCTL_UNLINK, ring, unix.KEY_SPEC_THREAD_KEYRING, 0, 0)
		err = errors.Join(err, keyringError("unlink", unlink))
	}()
	return use(ring)
}

// add gives the kernel the key.
func (kp keyringParams) add(key []byte) error {
	return kp.possess(func(ring int) error {
		_, err := unix.AddKey(keyType, kp.Name, key, ring)
		return keyringError("add_key", err)
	})
}

// read puts the key into buf, and returns its size.
func (kp keyringParams) read(buf []byte) (n int, err error) {
	err = kp.possess(func(ring int) error {
		id, err := unix.KeyctlSearch(ring, keyType, kp.Name, 0)
		if err != nil {
			return keyringError("search", err)
		}
		n, err = unix.KeyctlBuffer(unix.KEYCTL_READ, id, buf, 0)
		return keyringError("read", err)
	})
	return n, err
}

// forget takes the key out of the ring.
func (kp keyringParams) forget() error {
	return kp.possess(func(ring int) error {
		id, err := unix.KeyctlSearch(ring, keyType, kp.Name, 0)
		if err != nil {
			return keyringError("search", err)
		}
		_, err = unix.KeyctlInt(unix.KEYCTL_UNLINK, id, ring, 0, 0)
		return keyringError("unlink", err)
	})
}

// keyringError gives the errors of the kernel our names.
func keyringError(call string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.ENOKEY), errors.Is(err, unix.EKEYREVOKED), errors.Is(err, unix.EKEYEXPIRED):
		return ErrAbsent
	case errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EPERM): // as a container's filter has it
		return fmt.Errorf("seal: this machine gives no keyring: keyctl %s: %w", call, err)
	}
	return fmt.Errorf("seal: keyctl %s: %w", call, err)
}
