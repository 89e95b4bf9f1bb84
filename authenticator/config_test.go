package authenticator

import (
	"fmt"
	"slices"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

func acfgToken(p platform) *hostToken {
	p.t.Helper()
	return p.tokenBy(testPIN, acfg, "")
}

func minPIN(change func(*ctap.SetMinPINLengthParams)) *ctap.SetMinPINLengthParams {
	var p ctap.SetMinPINLengthParams
	change(&p)
	return &p
}

func rpIDs(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%d.example.com", i)
	}
	return list
}

// The rows of section W of the conformance checklist, and the steps of §6.11.
func TestConfigRows(t *testing.T) {
	const full, usual = "full-policy", DefaultProfile
	rows := []struct {
		name    string
		profile string
		run     func(t *testing.T, p platform) // a new key, without a PIN
	}{
		{"row 371: enableEnterpriseAttestation", "enterprise", func(t *testing.T, p platform) {
			p.mustSetPIN(testPIN)
			for range 2 { // idempotent; its parameters do not matter
				wantStatus(t, "config", p.configure(acfgToken(p), ctap.EnableEnterpriseAttestation, map[int]int{7: 7}), nil)
				if got := p.option(ctap.OptionEP); got != "true" {
					t.Errorf("ep %s, want true", got)
				}
			}
		}},
		{"row 372: toggleAlwaysUv", usual, func(t *testing.T, p platform) {
			p.mustSetPIN(testPIN)
			for _, want := range []struct{ alwaysUv, makeCredUvNotRqd string }{{"true", "false"}, {"false", "true"}} {
				wantStatus(t, "config", p.configure(acfgToken(p), ctap.ToggleAlwaysUv, nil), nil)
				if got := p.option(ctap.OptionAlwaysUv); got != want.alwaysUv {
					t.Errorf("alwaysUv %s, want %s", got, want.alwaysUv)
				}
				if got := p.option(ctap.OptionMakeCredUvNotRqd); got != want.makeCredUvNotRqd {
					t.Errorf("makeCredUvNotRqd %s, want %s", got, want.makeCredUvNotRqd)
				}
			}
		}},
		{"row 373: a minimum that the PIN does not reach", usual, func(t *testing.T, p platform) {
			p.mustSetPIN("4711")
			token := p.tokenBy("4711", acfg, "")
			wantStatus(t, "config", p.configure(token, ctap.SetMinPINLength, minPIN(func(p *ctap.SetMinPINLengthParams) { p.NewMinPINLength = ptr[uint64](5) })), nil)
			if info := p.info(); !*info.ForcePINChange || info.MinPINLength != 5 {
				t.Errorf("forcePINChange %v, minPINLength %d; want true and 5", *info.ForcePINChange, info.MinPINLength)
			}
			wantStatus(t, "the token after that", p.configure(token, ctap.ToggleAlwaysUv, nil), ctap.StatusPINAuthInvalid)
		}},
		{"a minimum that the PIN reaches", usual, func(t *testing.T, p platform) {
			p.mustSetPIN(testPIN)
			token := acfgToken(p)
			set := minPIN(func(p *ctap.SetMinPINLengthParams) { p.NewMinPINLength = ptr(uint64(len(testPIN))) })
			wantStatus(t, "config", p.configure(token, ctap.SetMinPINLength, set), nil)
			if info := p.info(); *info.ForcePINChange || info.MinPINLength != 5 {
				t.Errorf("forcePINChange %v, minPINLength %d; want false and 5", *info.ForcePINChange, info.MinPINLength)
			}
			wantStatus(t, "the same again, by the same token", p.configure(token, ctap.SetMinPINLength, set), nil)
		}},
		{"row 374: as many RP IDs as fit", usual, func(t *testing.T, p platform) {
			p.mustSetPIN(testPIN)
			set := minPIN(func(p *ctap.SetMinPINLengthParams) { p.MinPINLengthRPIDs = rpIDs(8) })
			wantStatus(t, "config", p.configure(acfgToken(p), ctap.SetMinPINLength, set), nil)
			wantRPIDs(t, p, 8)
		}},
		{"row 375: one RP ID too many", usual, func(t *testing.T, p platform) {
			p.mustSetPIN(testPIN)
			two := minPIN(func(p *ctap.SetMinPINLengthParams) { p.MinPINLengthRPIDs = rpIDs(2) })
			wantStatus(t, "config", p.configure(acfgToken(p), ctap.SetMinPINLength, two), nil)
			nine := minPIN(func(p *ctap.SetMinPINLengthParams) {
				p.MinPINLengthRPIDs, p.NewMinPINLength, p.ForceChangePIN = rpIDs(9), ptr[uint64](8), true
			})
			wantStatus(t, "config", p.configure(acfgToken(p), ctap.SetMinPINLength, nine), ctap.StatusKeyStoreFull)
			wantRPIDs(t, p, 2)
			if info := p.info(); info.MinPINLength != 4 || *info.ForcePINChange {
				t.Errorf("minPINLength %d, forcePINChange %v; want nothing changed", info.MinPINLength, *info.ForcePINChange)
			}
		}},
		{"an empty list of RP IDs changes nothing", usual, func(t *testing.T, p platform) {
			p.mustSetPIN(testPIN)
			for _, list := range [][]string{rpIDs(2), {}} {
				set := minPIN(func(p *ctap.SetMinPINLengthParams) { p.MinPINLengthRPIDs = list })
				wantStatus(t, "config", p.configure(acfgToken(p), ctap.SetMinPINLength, set), nil)
			}
			wantRPIDs(t, p, 2)
		}},
		{"row 376: forceChangePin", usual, func(t *testing.T, p platform) {
			forcePINChange(p)
			if info := p.info(); !*info.ForcePINChange {
				t.Error("forcePINChange false, want true")
			}
		}},
		{"row 377: forceChangePin without a PIN", usual, func(t *testing.T, p platform) {
			set := minPIN(func(p *ctap.SetMinPINLengthParams) { p.ForceChangePIN = true })
			wantStatus(t, "config", p.configure(nil, ctap.SetMinPINLength, set), ctap.StatusPINNotSet)
		}},
		{"row 378: a minimum below the current one", usual, func(t *testing.T, p platform) {
			p.mustSetPIN(testPIN)
			for _, tt := range []struct {
				length uint64
				want   ctap.Status
			}{{3, ctap.StatusPINPolicyViolation}, {0, ctap.StatusPINPolicyViolation}, {4, 0}, {5, 0}, {4, ctap.StatusPINPolicyViolation}, {64, ctap.StatusPINPolicyViolation}, {63, 0}} {
				if p.info().ForcePINChange != nil && *p.info().ForcePINChange {
					t.Fatal("forcePINChange before the last row")
				}
				set := minPIN(func(p *ctap.SetMinPINLengthParams) { p.NewMinPINLength = &tt.length })
				wantStatus(t, fmt.Sprint(tt.length), p.configure(acfgToken(p), ctap.SetMinPINLength, set), asError(tt.want))
			}
		}},
		{"row 379: pinComplexityPolicy", full, func(t *testing.T, p platform) {
			p.mustSetPIN(testPIN)
			set := minPIN(func(p *ctap.SetMinPINLengthParams) { p.PINComplexityPolicy = yes() })
			wantStatus(t, "config", p.configure(acfgToken(p), ctap.SetMinPINLength, set), nil)
			info := p.info()
			if info.PINComplexityPolicy == nil || !*info.PINComplexityPolicy {
				t.Error("pinComplexityPolicy is not true")
			}
			if !*info.ForcePINChange {
				t.Error("forcePINChange false, want true: the PIN may be too simple")
			}
			wantStatus(t, "changePIN", p.changePIN(testPIN, "another"), nil)
			off := minPIN(func(p *ctap.SetMinPINLengthParams) { p.PINComplexityPolicy = no() })
			wantStatus(t, "config", p.configure(p.tokenBy("another", acfg, ""), ctap.SetMinPINLength, off), nil)
			if info := p.info(); !*info.PINComplexityPolicy || *info.ForcePINChange {
				t.Errorf("pinComplexityPolicy %v, forcePINChange %v; want true (it cannot be lowered) and false", *info.PINComplexityPolicy, *info.ForcePINChange)
			}
			again := p.configure(p.tokenBy("another", acfg, ""), ctap.SetMinPINLength, set)
			wantStatus(t, "switched on again", again, nil)
			if info := p.info(); *info.ForcePINChange {
				t.Error("forcePINChange true, want false: the policy was on")
			}
		}},
		{"pinComplexityPolicy of a key without one", usual, func(t *testing.T, p platform) {
			p.mustSetPIN(testPIN)
			set := minPIN(func(p *ctap.SetMinPINLengthParams) { p.PINComplexityPolicy = yes() })
			wantStatus(t, "config", p.configure(acfgToken(p), ctap.SetMinPINLength, set), nil)
			if info := p.info(); info.PINComplexityPolicy != nil || *info.ForcePINChange {
				t.Error("something changed")
			}
		}},
		{"row 380: enableLongTouchForReset", full, func(t *testing.T, p platform) {
			presence := &asks{}
			p = newProfileKey(t, *p.profile, presence).speaking(p.protocol.Number())
			p.mustSetPIN(testPIN)
			for range 2 { // idempotent
				wantStatus(t, "config", p.configure(acfgToken(p), ctap.EnableLongTouchForReset, nil), nil)
				if info := p.info(); info.LongTouchForReset == nil || !*info.LongTouchForReset {
					t.Error("longTouchForReset is not true")
				}
			}
			wantStatus(t, "reset", p.command(ctap.CommandReset, nil, nil), nil)
			if len(presence.prompts) != 1 || !presence.prompts[0].Long {
				t.Errorf("asked %+v, want a long touch", presence.prompts)
			}
			if info := p.info(); *info.LongTouchForReset {
				t.Error("longTouchForReset true after a reset, want false")
			}
			wantStatus(t, "reset again", p.command(ctap.CommandReset, nil, nil), nil)
			if presence.prompts[1].Long {
				t.Error("a long touch, want a short one")
			}
		}},
		{"row 381: no pinUvAuthParam", full, func(t *testing.T, p platform) {
			p.mustSetPIN(testPIN)
			for _, sub := range []ctap.ConfigSubcommand{2, 3, 4, 0xff} {
				wantStatus(t, fmt.Sprintf("subCommand %02X", uint64(sub)), p.configure(nil, sub, nil), ctap.StatusPUATRequired)
			}
		}},
		{"row 382: a token without acfg", full, func(t *testing.T, p platform) {
			p.mustSetPIN(testPIN)
			token := p.tokenBy(testPIN, mc|ga|cm|lbw, testRPID)
			for _, sub := range []ctap.ConfigSubcommand{2, 3, 4, 0xff} {
				wantStatus(t, fmt.Sprintf("subCommand %02X", uint64(sub)), p.configure(token, sub, nil), ctap.StatusPINAuthInvalid)
			}
		}},
		{"row 383: no PIN, no token", usual, func(t *testing.T, p platform) {
			wantStatus(t, "toggleAlwaysUv", p.configure(nil, ctap.ToggleAlwaysUv, nil), nil)
			wantStatus(t, "setMinPINLength under alwaysUv", p.configure(nil, ctap.SetMinPINLength, nil), ctap.StatusPUATRequired)
			wantStatus(t, "toggleAlwaysUv back, the one way out", p.configure(nil, ctap.ToggleAlwaysUv, nil), nil)
			if got := p.option(ctap.OptionAlwaysUv); got != "false" {
				t.Errorf("alwaysUv %s, want false", got)
			}
			forged := &hostToken{p.protocol, make([]byte, 32)}
			wantStatus(t, "a param that nothing verifies", p.configure(forged, ctap.SetMinPINLength, nil), nil)
		}},
		{"alwaysUv and a PIN: toggleAlwaysUv needs a token", usual, func(t *testing.T, p platform) {
			wantStatus(t, "toggleAlwaysUv", p.configure(nil, ctap.ToggleAlwaysUv, nil), nil)
			p.mustSetPIN(testPIN)
			wantStatus(t, "toggleAlwaysUv", p.configure(nil, ctap.ToggleAlwaysUv, nil), ctap.StatusPUATRequired)
			wantStatus(t, "toggleAlwaysUv", p.configure(acfgToken(p), ctap.ToggleAlwaysUv, nil), nil)
		}},
		{"row 384: subcommands that are not there", usual, func(t *testing.T, p platform) {
			p.mustSetPIN(testPIN)
			for _, sub := range []ctap.ConfigSubcommand{1, 4, 5, 0xff, 0x100} {
				wantStatus(t, fmt.Sprintf("subCommand %02X", uint64(sub)), p.configure(acfgToken(p), sub, nil), ctap.StatusInvalidParameter)
				wantStatus(t, fmt.Sprintf("subCommand %02X, no token", uint64(sub)), p.configure(nil, sub, nil), ctap.StatusInvalidParameter)
			}
		}},
		{"no subcommand", usual, func(t *testing.T, p platform) {
			wantStatus(t, "config", p.command(ctap.CommandConfig, []byte{0xa0}, nil), ctap.StatusMissingParameter)
		}},
		{"no protocol, or protocol 3", usual, func(t *testing.T, p platform) {
			p.mustSetPIN(testPIN)
			req := &ctap.ConfigRequest{Subcommand: ctap.ToggleAlwaysUv, PinUvAuthParam: make([]byte, 32)}
			wantStatus(t, "none", p.command(ctap.CommandConfig, req, nil), ctap.StatusMissingParameter)
			req.PinUvAuthProtocol = ptr[uint64](3)
			wantStatus(t, "3", p.command(ctap.CommandConfig, req, nil), ctap.StatusInvalidParameter)
		}},
		{"parameters are authenticated as they came", usual, func(t *testing.T, p platform) {
			p.mustSetPIN(testPIN)
			req := &ctap.ConfigRequest{Subcommand: ctap.SetMinPINLength, Params: ctap.MustMarshal(map[int]int{1: 5})}
			req.PinUvAuthProtocol, req.PinUvAuthParam = acfgToken(p).sign(ffs(), []byte{0x0d, 3}, ctap.MustMarshal(map[int]int{1: 6}))
			wantStatus(t, "other parameters", p.command(ctap.CommandConfig, req, nil), ctap.StatusPINAuthInvalid)
			req.PinUvAuthProtocol, req.PinUvAuthParam = acfgToken(p).sign(ffs(), []byte{0x0d, 2}, req.Params)
			wantStatus(t, "another subcommand", p.command(ctap.CommandConfig, req, nil), ctap.StatusPINAuthInvalid)
			req.Params = ctap.MustMarshal(map[int]any{1: 5, 99: "unknown"})
			req.PinUvAuthProtocol, req.PinUvAuthParam = acfgToken(p).sign(ffs(), []byte{0x0d, 3}, req.Params)
			wantStatus(t, "with an unknown parameter", p.command(ctap.CommandConfig, req, nil), nil)
		}},
		{"parameters of wrong types", usual, func(t *testing.T, p platform) {
			for _, bad := range []any{"text", map[int]any{1: "5"}, map[int]any{2: "example.com"}, map[int]any{2: []any{1}}, map[int]any{3: 1}, map[int]any{1: -5}} {
				wantStatus(t, fmt.Sprint(bad), p.configure(nil, ctap.SetMinPINLength, bad), ctap.StatusCBORUnexpectedType)
			}
		}},
		{"vendorPrototype", full, func(t *testing.T, p platform) {
			p.mustSetPIN(testPIN)
			for _, tt := range []struct {
				params any
				want   ctap.Status
			}{
				{map[int]any{1: uint64(0x736f66746b657901)}, 0},
				{map[int]any{1: 7}, ctap.StatusInvalidParameter},
				{map[int]any{}, ctap.StatusMissingParameter},
				{nil, ctap.StatusMissingParameter},
				{map[int]any{1: "x"}, ctap.StatusCBORUnexpectedType},
			} {
				wantStatus(t, fmt.Sprint(tt.params), p.configure(acfgToken(p), ctap.VendorPrototype, tt.params), asError(tt.want))
			}
		}},
		{"minPinLengthRPIDs of a key without the extensions", usual, func(t *testing.T, p platform) {
			p.profile.Extensions = nil
			set := minPIN(func(p *ctap.SetMinPINLengthParams) { p.MinPINLengthRPIDs = []string{} })
			wantStatus(t, "config", p.configure(nil, ctap.SetMinPINLength, set), ctap.StatusInvalidParameter)
		}},
	}
	for _, row := range rows {
		for protocol := range uint64(2) {
			t.Run(fmt.Sprintf("%s, protocol %d", row.name, protocol+1), func(t *testing.T) {
				row.run(t, profileKey(t, row.profile).speaking(protocol+1))
			})
		}
	}
}

func wantRPIDs(t *testing.T, p platform, n int) {
	t.Helper()
	if got := len(p.policy.MinPINLengthRPIDs); got != n {
		t.Errorf("%d minPinLengthRPIDs, want %d", got, n)
	}
}

// What is configured is on disk, and a reset undoes it.
func TestConfigurationOverRestartAndReset(t *testing.T) {
	store := keystore.NewMemory()
	restart := func() platform {
		profile, _ := ProfileByName("full-policy")
		profile = profile.with(map[string]bool{ctap.OptionEP: false})
		return newKey(t, Approve{}, func(c *Config) {
			c.Profile, c.Store, c.Enterprise = profile, store, newAttester(t, profile.AAGUID)
		}).speaking(2)
	}
	p := restart()
	factory := *p.info()
	factory.EncIdentifier, factory.EncCredStoreState = nil, nil
	p.mustSetPIN(testPIN)
	for _, sub := range []ctap.ConfigSubcommand{ctap.EnableEnterpriseAttestation, ctap.EnableLongTouchForReset, ctap.ToggleAlwaysUv} {
		wantStatus(t, fmt.Sprintf("subCommand %02X", uint64(sub)), p.configure(acfgToken(p), sub, nil), nil)
	}
	wantStatus(t, "largeBlobs", p.writeBlobs(p.tokenBy(testPIN, lbw, ""), sealLargeBlobs([]byte{0x81, 0x01}), 0, 18), nil)
	set := &ctap.SetMinPINLengthParams{NewMinPINLength: ptr[uint64](7), MinPINLengthRPIDs: rpIDs(3), PINComplexityPolicy: yes()}
	wantStatus(t, "setMinPINLength", p.configure(acfgToken(p), ctap.SetMinPINLength, set), nil)
	_, err := p.getPINToken(wrongPIN)
	wantStatus(t, "wrong PIN", err, ctap.StatusPINInvalid)

	check := func(p platform) {
		t.Helper()
		info := p.info()
		for option, want := range map[string]bool{"ep": true, "alwaysUv": true, "makeCredUvNotRqd": false, "clientPin": true} {
			if info.Options[option] != want {
				t.Errorf("%s %v, want %v", option, !want, want)
			}
		}
		if info.MinPINLength != 7 || !*info.ForcePINChange || !*info.LongTouchForReset || !*info.PINComplexityPolicy {
			t.Errorf("getInfo %+v, want minPINLength 7, and true thrice", info)
		}
		for _, version := range info.Versions {
			if version == ctap.VersionU2FV2 {
				t.Error("U2F_V2 under alwaysUv")
			}
		}
		wantRPIDs(t, p, 3)
		if blobs, err := p.readBlobs(99, 0); err != nil || len(blobs) != 18 {
			t.Errorf("large-blob array %x, %v", blobs, err)
		}
		if got := p.retries(); got != 7 {
			t.Errorf("%d retries, want 7", got)
		}
	}
	check(p)
	_ = p.Close()
	p = restart()
	check(p)

	t.Run("row 200: reset", func(t *testing.T) {
		wantStatus(t, "reset", p.command(ctap.CommandReset, nil, nil), nil)
		for range 2 { // now and after a restart
			info := *p.info()
			info.EncIdentifier, info.EncCredStoreState = nil, nil
			if got, want := ctap.MustMarshal(info), ctap.MustMarshal(factory); string(got) != string(want) {
				t.Errorf("getInfo after the reset %x, want %x", got, want)
			}
			wantRPIDs(t, p, 0)
			if blobs, err := p.readBlobs(99, 0); err != nil || string(blobs) != string(emptyLargeBlobArray()) {
				t.Errorf("large-blob array %x, %v; want the empty one", blobs, err)
			}
			_ = p.Close()
			p = restart()
		}
		p.mustSetPIN(testPIN)
		if got := p.retries(); got != pinAttempts {
			t.Errorf("%d retries after the reset, want %d", got, pinAttempts)
		}
	})
}

// A reset ends tokens: who has one that was given before has nothing.
func TestResetEndsTokens(t *testing.T) {
	t.Run("row 200: tokens", func(t *testing.T) {
		p := keyWithPIN(t, 2, nil)
		persistent := p.tokenBy(testPIN, pcmr, "")
		token := p.tokenBy(testPIN, mc|cm, testRPID)
		wantStatus(t, "reset", p.command(ctap.CommandReset, nil, nil), nil)
		p.mustSetPIN(testPIN)
		err := p.command(ctap.CommandMakeCredential, creation("ada", by(token)), nil)
		wantStatus(t, "makeCredential", err, ctap.StatusPINAuthInvalid)
		_, err = p.manage(persistent, ctap.GetCredsMetadata, nil)
		wantStatus(t, "getCredsMetadata by the persistent token", err, ctap.StatusPINAuthInvalid)
	})
}

// alwaysUv switches U2F off, but for its version.
func TestAlwaysUvSwitchesU2FOff(t *testing.T) {
	t.Run("row 62: register and authenticate", func(t *testing.T) {
		k := newKey(t, Approve{}, nil)
		registered := k.register()
		wantStatus(t, "toggleAlwaysUv", k.configure(nil, ctap.ToggleAlwaysUv, nil), nil)
		_, err := k.apdu(registerAPDU)
		wantStatus(t, "register", err, ctap.SWCommandNotAllowed)
		_, err = k.apdu(authenticate(ctap.U2FEnforceAndSign, registered.handle))
		wantStatus(t, "authenticate", err, ctap.SWCommandNotAllowed)
		_, err = k.apdu(ctap.CommandAPDU{INS: ctap.U2FVersion})
		wantStatus(t, "version", err, nil)
		if versions := k.info().Versions; slices.Contains(versions, ctap.VersionU2FV2) {
			t.Errorf("versions %q, want no U2F", versions)
		}
		wantStatus(t, "toggleAlwaysUv", k.configure(nil, ctap.ToggleAlwaysUv, nil), nil)
		k.register()
	})
}

// Reset over a transport that transportsForReset does not name.
func TestResetOverOtherTransport(t *testing.T) {
	k := newKey(t, Approve{}, nil)
	for transport, want := range map[string]ctap.Status{"nfc": ctap.StatusOperationDenied, "usb": ctap.StatusOK} {
		answer := k.Handle(t.Context(), &ctap.Request{
			Protocol: ctap.CTAP2, Transport: transport, Data: []byte{byte(ctap.CommandReset)}, Notify: func(ctap.KeepaliveStatus) {},
		})
		if len(answer) != 1 || ctap.Status(answer[0]) != want {
			t.Errorf("%s: got %x, want %02x", transport, answer, byte(want))
		}
	}
}
