package fault

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/keystore"
)

var errNumber = errors.New("not such a number")

// atLeast sets a whole number that must not be less.
func atLeast(least int, field func(*settings) *int) func(*settings, string) error {
	return func(s *settings, value string) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < least {
			return fmt.Errorf("%w: %d or more", errNumber, least)
		}
		*field(s) = n
		return nil
	}
}

func setChance(s *settings, value string) error {
	p, err := strconv.ParseFloat(value, 64)
	if err != nil || !(p >= 0 && p <= 1) { // NaN is neither
		return fmt.Errorf("%w: 0 to 1", errNumber)
	}
	s.chance = p
	return nil
}

// storeErrors are what a store may say.
var storeErrors = map[string]error{
	"EIO":    syscall.EIO,
	"ENOSPC": syscall.ENOSPC,
	"EROFS":  syscall.EROFS,
	"EDQUOT": syscall.EDQUOT,
}

func listErrors() string { return strings.Join(slices.Sorted(maps.Keys(storeErrors)), ", ") }

func setError(s *settings, value string) error {
	err, ok := storeErrors[value]
	if !ok {
		return errors.New("not one of " + listErrors())
	}
	s.err = fmt.Errorf("fault: %w", err)
	return nil
}

// buckets are those of package keystore that an authenticator writes to.
const buckets = "device, attestation, settings, credentials, index, handles"

func setBucket(s *settings, value string) error {
	switch {
	case value == "any":
	case slices.Contains(strings.Split(buckets, ", "), value):
		s.bucket = keystore.Bucket(value)
	default:
		return errors.New("not one of any, " + buckets)
	}
	return nil
}

func setFrom(s *settings, value string) error {
	if value != "device" && value != "host" {
		return errors.New("neither device nor host")
	}
	s.fromHost = value == "host"
	return nil
}

func setHIDCommand(s *settings, value string) (err error) {
	s.frame, err = choose(value, "CTAPHID_", func(b byte) string { return ctaphid.Command(b).String() })
	return err
}

func setCommand(s *settings, value string) (err error) {
	s.command, err = choose(value, "authenticator", func(b byte) string { return ctap.Command(b).String() })
	return err
}

// choose finds the number of a command by its name, with or without the prefix
// that all have, or by itself.
func choose(value, prefix string, name func(byte) string) (choice, error) {
	if value == "any" {
		return choice{}, nil
	}
	if n, err := strconv.ParseUint(value, 0, 8); err == nil {
		return choice{true, byte(n)}, nil
	}
	for n := range 256 {
		whole := name(byte(n))
		if strings.EqualFold(value, whole) || strings.EqualFold(prefix+value, whole) {
			return choice{true, byte(n)}, nil
		}
	}
	return choice{}, errors.New("there is no such command")
}

func setStatus(s *settings, value string) error {
	n, err := strconv.ParseUint(value, 0, 8)
	if err != nil {
		return fmt.Errorf("%w: 0 to 0xFF", errNumber)
	}
	s.status = ctap.Status(n)
	return nil
}

func setWord(s *settings, value string) error {
	n, err := strconv.ParseUint(value, 0, 16)
	if err != nil {
		return fmt.Errorf("%w: 0 to 0xFFFF", errNumber)
	}
	s.word = ctap.SW(n)
	return nil
}

func setRun(s *settings, value string) error {
	if value != "no" && value != "yes" {
		return errors.New("neither yes nor no")
	}
	s.run = value == "yes"
	return nil
}

func setForm(s *settings, value string) error {
	i := slices.Index(nonCanonicalNames[:], value)
	if i < 0 {
		return errors.New("not one of " + strings.Join(nonCanonicalNames[:], ", "))
	}
	s.form = nonCanonical(i)
	return nil
}

func setWait(s *settings, value string) error {
	d, err := time.ParseDuration(value)
	if err != nil || d < 0 {
		return errors.New("not a duration such as 50ms")
	}
	s.wait = d
	return nil
}
