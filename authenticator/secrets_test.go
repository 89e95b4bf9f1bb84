package authenticator

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

// captured keeps everything that is logged, attributes and all, in text and as
// JSON, at the lowest level.
type captured struct {
	text bytes.Buffer
	slog.Handler
	json slog.Handler
}

func newCaptured() *captured {
	c := &captured{}
	all := &slog.HandlerOptions{Level: slog.Level(-100), AddSource: true}
	c.Handler, c.json = slog.NewTextHandler(&c.text, all), slog.NewJSONHandler(&c.text, all)
	return c
}

func (c *captured) Handle(ctx context.Context, r slog.Record) error {
	_ = c.json.Handle(ctx, r)
	return c.Handler.Handle(ctx, r)
}

// No PIN, token, hash or key is ever logged, whatever goes wrong; and what the
// store keeps is no PIN.
func TestSecretsAreNotLogged(t *testing.T) {
	log := newCaptured()
	store := &countingStore{Store: keystore.NewMemory()}
	const pin, other = "correct horse battery", "Tr0ub4dor&3"
	p := newKey(t, Approve{}, func(c *Config) {
		c.Profile, _ = ProfileByName("biometric")
		c.Verification = VerificationFunc(recognise)
		c.Log, c.Store = slog.New(log), store
	}).speaking(2)
	secrets := map[string][]byte{"PIN": []byte(pin), "other PIN": []byte(other)}
	keep := func(name string, secret []byte) { secrets[name] = secret }

	_ = p.setPIN("short"[:3])
	p.mustSetPIN(pin)
	_ = p.setPIN(other)
	keep("PIN hash", p.policy.PINHash)
	keep("device identifier", p.policy.DeviceIdentifier)
	_ = p.changePIN(other, other)
	_ = p.changePIN(pin, strings.Repeat(other, 9))
	for protocol := range uint64(2) {
		host := p.speaking(protocol + 1)
		req, secret := host.tokenRequest(ctap.GetPINToken, pin, 0, "")
		keep(fmt.Sprintf("shared secret %d", protocol+1), secret)
		req.KeyAgreement = ctap.MustMarshal(map[int]any{1: 2, 3: -25, -1: 1, -2: hashPIN([]byte(pin)), -3: []byte(pin)})
		_, _ = host.pin(req)
		token, err := host.getPINToken(pin)
		wantStatus(t, "getPinToken", err, nil)
		keep(fmt.Sprintf("token %d", protocol+1), token.value)
		_ = p.writeBlobs(token, blobs(40), 0, 40)
		_ = p.configure(token, ctap.ToggleAlwaysUv, nil)
		_, _ = p.manage(token, ctap.GetCredsMetadata, nil)
		_, _ = p.bio(token, ctap.EnrollBegin, nil)
	}
	keep("persistent token", p.tokenBy(pin, pcmr, "").value)
	m := p.create(creation("ada", also(discoverable, by(p.tokenBy(pin, mc, testRPID)))))
	_ = p.cfg.Store.View(func(tx keystore.Tx) error {
		key, _ := keystore.DeviceKey(tx)
		keep("device key", key[:])
		return nil
	})
	cred, err := p.find(testRPIDHash, m.id)
	if err != nil || cred == nil {
		t.Fatal(err)
	}
	keep("private key", cred.material[:32])
	_, _ = p.getPINToken(other)
	store.fail = fmt.Errorf("disk full")
	_, _ = p.getPINToken(pin)
	_ = p.command(ctap.CommandMakeCredential, creation("bob", discoverable), nil)
	store.fail = nil
	for range pinAttempts {
		_, _ = p.getPINToken(other)
		p.Plug()
	}

	if log.text.Len() < 1000 {
		t.Fatalf("only %d bytes were logged: the test sees too little", log.text.Len())
	}
	for name, secret := range secrets {
		for form, text := range map[string]string{
			"raw": string(secret), "hex": hex.EncodeToString(secret), "HEX": strings.ToUpper(hex.EncodeToString(secret)),
			"base64": base64.RawStdEncoding.EncodeToString(secret), "base64url": base64.RawURLEncoding.EncodeToString(secret),
			"decimal": strings.Trim(fmt.Sprint(secret), "[]"), "quoted": strings.Trim(fmt.Sprintf("%q", secret), `"`),
		} {
			if strings.Contains(log.text.String(), text) {
				t.Errorf("%s is logged (%s)", name, form)
			}
		}
	}
	wantNotStored(t, p.cfg.Store, pin)
}

// What is refused is logged for whoever debugs; a fault of the key's own is an
// error, unless the host is gone.
func TestFailuresAreLogged(t *testing.T) {
	log := newCaptured()
	store := &countingStore{Store: keystore.NewMemory()}
	p := newKey(t, Approve{}, func(c *Config) { c.Log, c.Store = slog.New(log), store }).speaking(2)
	gone, leave := context.WithCancel(t.Context())
	leave()
	for _, tt := range []struct {
		ctx   context.Context
		fail  error
		level string
	}{
		{t.Context(), nil, "DEBUG"},
		{t.Context(), errors.New("disk full"), "ERROR"},
		{gone, errors.New("disk full"), "DEBUG"},
	} {
		log.text.Reset()
		store.fail = tt.fail
		_ = p.commandOn(tt.ctx, 1, ctap.CommandConfig, &ctap.ConfigRequest{Subcommand: ctap.ToggleAlwaysUv + 0x70}, nil)
		_ = p.commandOn(tt.ctx, 1, ctap.CommandConfig, &ctap.ConfigRequest{Subcommand: ctap.ToggleAlwaysUv}, nil)
		if tt.fail == nil {
			store.fail = nil
			_ = p.configure(nil, ctap.ToggleAlwaysUv, nil) // back
		}
		if got := strings.Contains(log.text.String(), `level=ERROR`); got != (tt.level == "ERROR") || !strings.Contains(log.text.String(), "level="+tt.level) {
			t.Errorf("%v: logged %s, want level %s", tt.fail, log.text.String(), tt.level)
		}
	}
}

// wantNotStored looks for a PIN in all that the store keeps.
func wantNotStored(t *testing.T, store keystore.Store, pin string) {
	t.Helper()
	_ = store.View(func(tx keystore.Tx) error {
		for _, bucket := range []keystore.Bucket{"device", "attestation", "settings", "credentials", "index", "handles"} {
			for key, value := range tx.All(bucket, nil) {
				if bytes.Contains(value, []byte(pin)) {
					t.Errorf("the PIN is stored: %s/%s", bucket, key)
				}
			}
		}
		return nil
	})
}
