package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// scenario is what a person does with a browser and with softkey.
type scenario struct {
	name string
	keys [][]string // the flags of each key that is plugged in
	by   []string   // the browsers that do it unasked
	run  func(context.Context, *visit) error
}

// These are keys, by the flags of softkey run.
var (
	willing    = []string{"--presence", "approve"}
	verifying  = []string{"--presence", "approve", "--verification", "approve"}
	refusing   = []string{"--presence", "deny"}
	controlled = []string{"--presence", "control"}
	withPIN    = []string{"--presence", "approve", "--pin-file", pinFile}
	u2f        = []string{"--presence", "approve", "--profile", "u2f"}
)

// byAll is done without a person at the screen, byHand with one, who types and reads.
var (
	byAll      = []string{"chromium", "firefox"}
	byHand     = []string{"chromium-on-screen", "firefox"}
	byChromium = []string{"chromium"}
)

// scenarios are what the browsers do. Firefox 153 has no large blobs, and gives up
// when a key is unplugged. To read a blob Chromium starts a process, and hangs where
// time stands still while programs run: it is asked for that where it does not.
var scenarios = []scenario{
	{"second factor", [][]string{willing}, byAll, secondFactorLogin},
	{"second factor with a U2F key", [][]string{u2f}, byAll, secondFactorLogin},
	{"passkey, verified by the key", [][]string{verifying}, byAll, passkeyLogin},
	{"passkey with a PIN", [][]string{withPIN}, byHand, pinLogin},
	{"known credential is excluded", [][]string{willing}, byHand, excluded},
	{"secrets by prf", [][]string{verifying}, byAll, secrets},
	{"refusal", [][]string{refusing}, byHand, refusal},
	{"cancel by the page", [][]string{controlled}, byAll, cancel},
	{"two keys, one is touched", [][]string{controlled, controlled}, byAll, twoKeys},
	{"unplugged and plugged in again", [][]string{controlled}, byChromium, replugged},
	{"large blob", [][]string{verifying}, nil, largeBlob},
}

// secondFactor is a credential beside a password: kept by the site, given for a
// touch alone.
var secondFactor = protocol.AuthenticatorSelection{
	AuthenticatorAttachment: protocol.CrossPlatform,
	ResidentKey:             protocol.ResidentKeyRequirementDiscouraged,
	UserVerification:        protocol.VerificationDiscouraged,
}

// passkey asks for a credential in the key's store, for a verified user.
var passkey = webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{
	AuthenticatorAttachment: protocol.CrossPlatform,
	ResidentKey:             protocol.ResidentKeyRequirementRequired,
	UserVerification:        protocol.VerificationRequired,
})

var (
	touched  = webauthn.WithUserVerification(protocol.VerificationDiscouraged)
	verified = webauthn.WithUserVerification(protocol.VerificationRequired)
)

// secondFactorLogin registers, and signs in twice.
func secondFactorLogin(ctx context.Context, v *visit) error {
	ada := v.newUser("ada")
	if _, err := v.register(ctx, ada); err != nil {
		return err
	}
	for range 2 {
		if _, err := v.signIn(ctx, ada, touched); err != nil {
			return err
		}
	}
	return nil
}

// passkeyLogin registers a passkey, and signs in without a name.
func passkeyLogin(ctx context.Context, v *visit) error {
	ada := v.newUser("ada")
	if _, err := v.register(ctx, ada, passkey); err != nil {
		return err
	}
	got, err := v.signInUnnamed(ctx)
	if err == nil && got != ada {
		err = fmt.Errorf("got user %s, want ada", got.name)
	}
	return err
}

// pinLogin is passkeyLogin with a PIN.
func pinLogin(ctx context.Context, v *visit) error {
	return beside(ctx, v.typing, func(ctx context.Context) error { return passkeyLogin(ctx, v) })
}

// excluded has a user register a key for the second time.
func excluded(ctx context.Context, v *visit) error {
	ada := v.newUser("ada")
	if _, err := v.register(ctx, ada); err != nil {
		return err
	}
	known := webauthn.WithExclusions(webauthn.Credentials(ada.credentials).CredentialDescriptors())
	err := beside(ctx, v.dismissing(excludes), func(ctx context.Context) error {
		_, err := v.register(ctx, ada, known)
		return err
	})
	return errors.Join(wantException(err, "InvalidStateError"), v.keys[0].AwaitTrace(ctx, excludes, 1))
}

// secrets asks a passkey for the secrets of two salts, and of the first again.
func secrets(ctx context.Context, v *visit) error {
	ada := v.newUser("ada")
	outputs, err := v.register(ctx, ada, passkey, webauthn.WithExtensions(webauthn.WithExtensionPRFSupport()))
	if err != nil {
		return err
	}
	if p := outputs.PRF; p == nil || p.Enabled == nil || !*p.Enabled {
		return errors.New("create: prf is not enabled")
	}
	var got [3]protocol.URLEncodedBase64
	for i, salt := range []string{"first", "second", "first"} {
		if got[i], err = secret(ctx, v, ada, salt); err != nil {
			return err
		}
	}
	if !bytes.Equal(got[0], got[2]) || bytes.Equal(got[0], got[1]) {
		return fmt.Errorf("got secrets %x, want the first and the last alike", got)
	}
	return nil
}

func secret(ctx context.Context, v *visit, u *user, salt string) (protocol.URLEncodedBase64, error) {
	eval := protocol.PRFValues{First: []byte(salt)}
	outputs, err := v.signIn(ctx, u, verified, webauthn.WithAssertionExtensions(webauthn.WithExtensionPRF(eval)))
	if err != nil {
		return nil, err
	}
	if p := outputs.PRF; p == nil || p.Results == nil || len(p.Results.First) != 32 {
		return nil, fmt.Errorf("got prf %+v, want 32 bytes", outputs.PRF)
	}
	return outputs.PRF.Results.First, nil
}

// largeBlob leaves a blob on the key and reads it.
func largeBlob(ctx context.Context, v *visit) error {
	ada := v.newUser("ada")
	support := webauthn.WithExtensionLargeBlobSupport(protocol.LargeBlobSupportRequired)
	if _, err := v.register(ctx, ada, passkey, webauthn.WithExtensions(support)); err != nil {
		return err
	}
	want := bytes.Repeat([]byte("large "), 100)
	outputs, err := v.signIn(ctx, ada, verified, webauthn.WithAssertionExtensions(webauthn.WithExtensionLargeBlobWrite(want)))
	if err != nil {
		return err
	}
	if b := outputs.LargeBlob; b == nil || b.Written == nil || !*b.Written {
		return errors.New("the blob is not written")
	}
	outputs, err = v.signIn(ctx, ada, verified, webauthn.WithAssertionExtensions(webauthn.WithExtensionLargeBlobRead()))
	if err != nil {
		return err
	}
	if b := outputs.LargeBlob; b == nil || !bytes.Equal(b.Blob, want) {
		return fmt.Errorf("got blob %+v, want what was written", b)
	}
	return nil
}

// refusal registers with a key whose person says no.
func refusal(ctx context.Context, v *visit) error {
	err := beside(ctx, v.dismissing(denied), v.registering)
	return errors.Join(wantException(err, "NotAllowedError"), v.keys[0].AwaitTrace(ctx, denied, 1))
}

// cancel aborts a registration while the key asks for a touch: the key must learn
// of it.
func cancel(ctx context.Context, v *visit) error {
	err := beside(ctx, func(ctx context.Context) error {
		if err := v.keys[0].AwaitPrompt(ctx, true); err != nil {
			return err
		}
		return v.Abort(ctx)
	}, v.registering)
	if err := wantException(err, "AbortError"); err != nil {
		return err
	}
	return wantCancelled(ctx, v.keys[0])
}

// twoKeys registers with the second of two keys that ask: the first must be told to
// stop.
func twoKeys(ctx context.Context, v *visit) error {
	err := beside(ctx, func(ctx context.Context) error {
		if err := v.keys[0].AwaitPrompt(ctx, true); err != nil {
			return err
		}
		return v.keys[1].TouchAlways(ctx) // Firefox has one touch choose the key, and then asks
	}, v.registering)
	if err != nil {
		return err
	}
	return wantCancelled(ctx, v.keys[0])
}

// replugged takes the key out while it asks, and puts it in again: the browser asks
// it again.
func replugged(ctx context.Context, v *visit) error {
	k := v.keys[0]
	return beside(ctx, func(ctx context.Context) error {
		err := k.AwaitPrompt(ctx, true)
		for _, what := range []string{"unplug", "plug", "touch"} {
			if err == nil {
				err = k.Hand(ctx, what)
			}
		}
		return err
	}, v.registering)
}

// wantException tells of an error that is not the browser's exception of that name.
func wantException(err error, name string) error {
	if e, ok := errors.AsType[*exception](err); ok && e.Name == name {
		return nil
	}
	return fmt.Errorf("got %v, want %s", err, name)
}

// wantCancelled tells of a key that asks on, or gave another answer than that it
// was cancelled.
func wantCancelled(ctx context.Context, k *key) error {
	if err := k.AwaitPrompt(ctx, false); err != nil {
		return err
	}
	return k.AwaitTrace(ctx, cancelled, 1)
}
