package main

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/device"
	"github.com/softkey-project/softkey/keystore"
)

// keyFlags say what a key in this process is: that of `run`, or of a client on
// `loopback`.
type keyFlags struct {
	state     string
	ephemeral bool
	profile   string
	seed      string

	verification string
	noClientPIN  bool
	ca, caKey    string  // files
	pinFile      pinFile // of the first PIN of a new key

	opener sealOpener
}

// add defines the flags, for cmd and for the commands below it.
func (k *keyFlags) add(cmd *cobra.Command) {
	f := cmd.PersistentFlags()
	f.StringVar(&k.state, "state", "", "keep the key in the folder `DIR` (default "+shortDefaultState+")")
	f.BoolVar(&k.ephemeral, "ephemeral", false, "keep the key in memory, and forget it at the end")
	f.StringVar(&k.profile, "profile", "", "make it a key of the profile `NAME`, or of a JSON file (default "+authenticator.DefaultProfile+")")
	f.StringVar(&k.seed, "seed", "", "derive the key from the bytes `HEX`: for tests, never for real accounts")
	f.StringVar(&k.verification, "verification", "", "verify the user by `MODE`: "+verificationModes.forms()+" (default none)")
	f.BoolVar(&k.noClientPIN, "no-client-pin", false, "make it a key that has no PIN")
	f.StringVar(&k.ca, "attestation-ca", "", "have attestation certificates issued by the CA in the PEM `FILE`")
	f.StringVar(&k.caKey, "attestation-ca-key", "", "the private key of that CA, in the PEM `FILE`")
	k.opener.add(cmd)
	completeLater(cmd, "profile", profileNames)
	complete(cmd, "verification", verificationModes.values()...)
}

// given returns the name of a flag that was set, "" if none was.
func (k *keyFlags) given() string {
	switch {
	case k.state != "":
		return "state"
	case k.ephemeral:
		return "ephemeral"
	case k.profile != "":
		return "profile"
	case k.seed != "":
		return "seed"
	case k.verification != "":
		return "verification"
	case k.noClientPIN:
		return "no-client-pin"
	case k.ca != "":
		return "attestation-ca"
	case k.caKey != "":
		return "attestation-ca-key"
	}
	return k.opener.given()
}

// shortDefaultState is defaultState for help.
const shortDefaultState = "$XDG_DATA_HOME/softkey"

// defaultState returns the folder that a key lives in where none is given.
func defaultState() (string, error) {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "softkey"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", hint(err, "say where the key is kept: --state DIR, or --ephemeral")
	}
	return filepath.Join(home, ".local", "share", "softkey"), nil
}

// stateDir returns the folder of the key's state, "" for a key in memory.
func (k *keyFlags) stateDir() (string, error) {
	switch {
	case k.ephemeral && k.state != "":
		return "", usagef("--state and --ephemeral exclude each other")
	case k.ephemeral && k.opener.given() != "":
		return "", usagef("--%s and --ephemeral exclude each other", k.opener.given())
	case k.ephemeral:
		return "", nil
	case k.state != "":
		return k.state, nil
	}
	return defaultState()
}

// minSeed is the least number of bytes of a seed: fewer could be guessed.
const minSeed = 16

func (k *keyFlags) seedBytes() ([]byte, error) {
	if k.seed == "" {
		return nil, nil
	}
	seed, err := hex.DecodeString(k.seed)
	if err != nil {
		return nil, usagef("--seed is not hexadecimal")
	}
	if len(seed) < minSeed {
		return nil, usagef("--seed has %d bytes, and needs %d", len(seed), minSeed)
	}
	return seed, nil
}

// config reads the flags. Presence and Verification are left to the caller.
func (k *keyFlags) config(p *program) (cfg device.Config, err error) {
	if cfg.Dir, err = k.stateDir(); err != nil {
		return cfg, err
	}
	if cfg.Seed, err = k.seedBytes(); err != nil {
		return cfg, err
	}
	if err = k.opener.check(cfg.Dir); err != nil {
		return cfg, err
	}
	cfg.Unseal = k.opener.unlocker(p, cfg.Dir)
	if _, _, err = verificationModes.find(k.verificationMode()); err != nil {
		return cfg, err
	}
	if cfg.Profile, err = k.changedProfile(); err != nil {
		return cfg, err
	}
	if cfg.CA, err = loadCA(k.ca, k.caKey); err != nil {
		return cfg, err
	}
	cfg.PIN, err = k.firstPIN(p, cfg.Profile)
	return cfg, err
}

func (k *keyFlags) verificationMode() string { return cmp.Or(k.verification, noVerification) }

// verifies tells whether the key is to verify its user by itself.
func (k *keyFlags) verifies() bool { return k.verificationMode() != noVerification }

// changedProfile returns the profile with what the flags make of it.
func (k *keyFlags) changedProfile() (authenticator.Profile, error) {
	p, err := loadProfile(cmp.Or(k.profile, authenticator.DefaultProfile))
	if err != nil {
		return p, err
	}
	if k.verifies() {
		if !p.CTAP2() {
			return p, noBuiltInUV(p)
		}
		p = withVerification(p)
	}
	if k.noClientPIN {
		p = withoutClientPIN(p, k.verifies())
	}
	return p, k.checkProfile(p)
}

// checkProfile says what is wrong with the profile of the key that the flags make.
func (k *keyFlags) checkProfile(p authenticator.Profile) error {
	if !k.verifies() {
		p = p.WithoutBuiltInUV()
	}
	err := p.Validate()
	if err == nil {
		return nil
	}
	return hint(usagef("%s: %w", k.profile, err), "only --verification gives a key uv, and --no-client-pin takes clientPin from it")
}

// firstPIN returns the PIN of a key that has none yet, "" if it gets none.
func (k *keyFlags) firstPIN(p *program, profile authenticator.Profile) (string, error) {
	if k.pinFile.path == "" {
		return "", nil
	}
	if _, has := profile.Options[ctap.OptionClientPIN]; !has {
		return "", usagef("--pin-file: the key is to have no PIN (profile %s)", profile.Name)
	}
	return k.pinFile.read(p)
}

// seedBanner is shown wherever a key with a seed is opened.
const seedBanner = `softkey: ***********************************************************
softkey: *  DETERMINISTIC MODE: who knows the seed has every key.   *
softkey: *  For tests only. Never register it with a real account.  *
softkey: ***********************************************************
`

// openDevice makes the key of cfg.
func (p *program) openDevice(cfg device.Config) (*device.Device, error) {
	if len(cfg.Seed) > 0 {
		fmt.Fprint(p.stderr, seedBanner)
	}
	d, err := device.New(cfg)
	switch {
	case errors.Is(err, authenticator.ErrPIN):
		reason := strings.TrimPrefix(err.Error(), authenticator.ErrPIN.Error())
		return nil, hint(errors.New("--pin-file"+reason), "have another PIN in that file's first line")
	case err != nil:
		return nil, explainStore(cfg.Dir, err)
	}
	return d, nil
}

// explainStore says what stands between a key and its state directory.
func explainStore(dir string, err error) error {
	return explainOpening(dir, err, "stop it, or use the key that it runs: --device ADDRESS, as its ready line says", ", or --ephemeral")
}

// explainOpening says why a store was not opened. The hints are those of the
// command: what to do while another process has it, and what there is instead of
// another folder.
func explainOpening(dir string, err error, stop, instead string) error {
	var locked *keystore.LockedError
	var format *keystore.FormatError
	switch {
	case errors.As(err, new(unlockError)):
		return err
	case errors.As(err, &locked):
		return hint(fmt.Errorf("%s: %w", dir, locked), "%s", stop)
	case errors.As(err, &format):
		return hint(err, "use a newer softkey, or another folder: --state DIR")
	case errors.Is(err, keystore.ErrMode):
		return hint(err, "a state directory is used always with --seed, or never")
	case errors.Is(err, keystore.ErrSeed):
		return hint(fmt.Errorf("%s: %w", dir, keystore.ErrSeed), "give the --seed that it was made with, or another folder: --state DIR")
	case errors.Is(err, keystore.ErrKind):
		return hint(fmt.Errorf("%s has the keys of many devices, which only the Go program that made them opens", dir),
			"choose another folder: --state DIR%s", instead)
	case dir == "":
		return err
	case errors.Is(err, syscall.ENOSPC):
		return hint(err, "make room on the disk; what was there is as it was")
	}
	if advice := adviseMode(dir); advice != "" {
		return hint(err, "%s", advice)
	}
	return hint(err, "choose another folder: --state DIR%s", instead)
}

// adviseMode says how a folder of ours is closed to those who can put files there,
// "" if that is not what is wrong. One that is to be shared, such as /tmp, stays so.
func adviseMode(dir string) string {
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() || info.Mode()&fs.ModeSticky != 0 || info.Mode().Perm()&0o022 == 0 {
		return ""
	}
	if owner, known := ownerOf(info); !known || owner != os.Geteuid() {
		return ""
	}
	return "chmod 700 " + dir
}
