package authenticator

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

// at makes a registration one for another relying party.
func at(rpID string) func(*ctap.MakeCredentialRequest) {
	return func(r *ctap.MakeCredentialRequest) { r.RP = &ctap.RelyingParty{ID: rpID, Name: "Site " + rpID} }
}

// resident makes a discoverable credential of a user, by a token of its own.
func (p platform) resident(rpID, user string) made {
	p.t.Helper()
	return p.create(creation(user, also(discoverable, at(rpID), by(p.tokenBy(testPIN, mc, rpID)))))
}

func rpIDHashParams(rpID string) *ctap.CredentialManagementParams {
	hash := sha256.Sum256([]byte(rpID))
	return &ctap.CredentialManagementParams{RPIDHash: hash[:]}
}

func named(m made) *ctap.CredentialManagementParams {
	return &ctap.CredentialManagementParams{CredentialID: &ctap.CredentialDescriptor{ID: m.id, Type: ctap.PublicKey}}
}

func renamed(m made, user *ctap.User) *ctap.CredentialManagementParams {
	p := named(m)
	p.User = user
	return p
}

// storeState is what encCredStoreState holds, for whoever has the persistent
// token.
func storeState(p platform) []byte { return p.policy.CredStoreState }

// wantOtherState wants the credential store state to be another after a change,
// in memory and in the store.
func wantOtherState(t *testing.T, p platform, before []byte) {
	t.Helper()
	if bytes.Equal(storeState(p), before) {
		t.Error("the credential store state did not change")
	}
	_ = p.cfg.Store.View(func(tx keystore.Tx) error {
		if stored, err := keystore.GetPolicy(tx); err != nil || !bytes.Equal(stored.CredStoreState, storeState(p)) {
			t.Errorf("credential store state %x in the store, %v; want %x", stored.CredStoreState, err, storeState(p))
		}
		return nil
	})
}

// The rows that go alike by a token with cm and by the persistent one.
func TestCredentialManagementReading(t *testing.T) {
	for _, by := range []struct {
		rows        [3]string
		permissions ctap.Permissions
	}{
		{[3]string{"row 352:", "rows 353, 354:", "rows 358, 359:"}, cm},
		{[3]string{"row 355:", "rows 356, 357:", "row 360:"}, pcmr},
	} {
		for protocol := range uint64(2) {
			suffix := fmt.Sprintf(", protocol %d", protocol+1)
			t.Run(by.rows[0]+" getCredsMetadata"+suffix, func(t *testing.T) {
				p := keyWithPIN(t, protocol+1, nil)
				for n := range uint64(3) {
					resp, err := p.manage(p.tokenBy(testPIN, by.permissions, ""), ctap.GetCredsMetadata, nil)
					if err != nil || *resp.ExistingCount != n || *resp.RemainingCount != 10_000-n {
						t.Errorf("got %+v, %v; want %d and %d", resp, err, n, 10_000-n)
					}
					if got := *p.info().RemainingDiscoverableCredentials; got != 10_000-n {
						t.Errorf("remainingDiscoverableCredentials %d, want %d", got, 10_000-n)
					}
					p.resident(testRPID, fmt.Sprint(n))
				}
			})
			t.Run(by.rows[1]+" enumerateRPs"+suffix, func(t *testing.T) {
				p := keyWithPIN(t, protocol+1, nil)
				for _, rpID := range []string{"a.example", "b.example", "c.example", "b.example"} {
					p.resident(rpID, "ada")
				}
				enumerateRPs(t, p, p.tokenBy(testPIN, by.permissions, ""), "a.example", "b.example", "c.example")
			})
			t.Run(by.rows[2]+" enumerateCredentials"+suffix, func(t *testing.T) {
				p := keyWithPIN(t, protocol+1, nil)
				first, second := p.resident(testRPID, "ada"), p.resident(testRPID, "bob")
				p.resident("example.org", "eve")
				enumerateCredentials(t, p, p.tokenBy(testPIN, by.permissions, ""), second, first)
			})
		}
	}
}

func enumerateRPs(t *testing.T, p platform, token *hostToken, want ...string) {
	t.Helper()
	sub, got := ctap.EnumerateRPsBegin, map[string]bool{}
	for n := range want {
		resp, err := p.manage(token, sub, nil)
		if err != nil {
			t.Fatalf("RP %d: %v", n, err)
		}
		hash := sha256.Sum256([]byte(resp.RP.ID))
		if !bytes.Equal(resp.RPIDHash, hash[:]) || resp.RP.Name != "Site "+resp.RP.ID {
			t.Errorf("got %+v of %+v, want rpIDHash %x", resp, resp.RP, hash)
		}
		if first := n == 0; first != (resp.TotalRPs == uint64(len(want))) || !first && resp.TotalRPs != 0 {
			t.Errorf("RP %d: totalRPs %d", n, resp.TotalRPs)
		}
		got[resp.RP.ID] = true
		sub, token = ctap.EnumerateRPsGetNextRP, nil
	}
	for _, rpID := range want {
		if !got[rpID] {
			t.Errorf("%s was not listed", rpID)
		}
	}
	_, err := p.manage(nil, ctap.EnumerateRPsGetNextRP, nil)
	wantStatus(t, "one more", err, ctap.StatusNotAllowed)
}

func enumerateCredentials(t *testing.T, p platform, token *hostToken, want ...made) {
	t.Helper()
	sub, params := ctap.EnumerateCredentialsBegin, any(rpIDHashParams(testRPID))
	users := map[int]string{0: "bob", 1: "ada"}
	for n, m := range want {
		resp, err := p.manage(token, sub, params)
		if err != nil {
			t.Fatalf("credential %d: %v", n, err)
		}
		if string(resp.CredentialID.ID) != string(m.id) || resp.CredentialID.Type != ctap.PublicKey {
			t.Errorf("credential %d: %+v, want %x", n, resp.CredentialID, m.id)
		}
		if !bytes.Equal(resp.PublicKey, m.data.Credential.PublicKey) {
			t.Errorf("publicKey %x, want %x", resp.PublicKey, m.data.Credential.PublicKey)
		}
		user := ctap.User{ID: []byte(users[n]), Name: users[n], DisplayName: "The user " + users[n]}
		if got, want := fmt.Sprint(*resp.User), fmt.Sprint(user); got != want {
			t.Errorf("user %s, want %s", got, want)
		}
		if resp.CredProtect != 1 || resp.ThirdPartyPayment == nil || *resp.ThirdPartyPayment || resp.LargeBlobKey != nil {
			t.Errorf("credProtect %d, thirdPartyPayment %v, largeBlobKey %x; want 1, false, none", resp.CredProtect, resp.ThirdPartyPayment, resp.LargeBlobKey)
		}
		total := uint64(0)
		if n == 0 {
			total = uint64(len(want))
		}
		if resp.TotalCredentials != total {
			t.Errorf("credential %d: totalCredentials %d, want %d", n, resp.TotalCredentials, total)
		}
		sub, token, params = ctap.EnumerateCredentialsGetNextCredential, nil, nil
	}
	_, err := p.manage(nil, ctap.EnumerateCredentialsGetNextCredential, nil)
	wantStatus(t, "one more", err, ctap.StatusNotAllowed)
}

// The other rows of section V.
func TestCredentialManagementRows(t *testing.T) {
	cmToken := func(p platform) *hostToken { return p.tokenBy(testPIN, cm, "") }
	rows := []struct {
		name string
		run  func(t *testing.T, p platform)
	}{
		{"row 361: updateUserInformation", func(t *testing.T, p platform) {
			m := p.resident(testRPID, "ada")
			before := storeState(p)
			_, err := p.manage(cmToken(p), ctap.UpdateUserInformation, renamed(m, &ctap.User{ID: []byte("ada"), Name: "Ada L."}))
			wantStatus(t, "update", err, nil)
			wantOtherState(t, p, before)
			resp, err := p.manage(cmToken(p), ctap.EnumerateCredentialsBegin, rpIDHashParams(testRPID))
			if err != nil || resp.User.Name != "Ada L." || resp.User.DisplayName != "" {
				t.Errorf("user %+v, %v; want the name alone", resp.User, err)
			}
			_, err = p.manage(cmToken(p), ctap.UpdateUserInformation, renamed(m, &ctap.User{ID: []byte("ada")}))
			wantStatus(t, "update", err, nil)
			resp, err = p.manage(cmToken(p), ctap.EnumerateCredentialsBegin, rpIDHashParams(testRPID))
			if err != nil || resp.User.Name != "" || string(resp.User.ID) != "ada" {
				t.Errorf("user %+v, %v; want the ID alone", resp.User, err)
			}
			p.get(assertionBy(m.id), m)
		}},
		{"long names are cut", func(t *testing.T, p platform) {
			m := p.resident(testRPID, "ada")
			long := &ctap.User{ID: []byte("ada"), Name: string(bytes.Repeat([]byte("é"), 40)), DisplayName: string(bytes.Repeat([]byte("d"), 80))}
			_, err := p.manage(cmToken(p), ctap.UpdateUserInformation, renamed(m, long))
			wantStatus(t, "update", err, nil)
			resp, _ := p.manage(cmToken(p), ctap.EnumerateCredentialsBegin, rpIDHashParams(testRPID))
			if got := resp.User; len(got.Name) != 64 || len(got.DisplayName) != 64 {
				t.Errorf("names of %d and %d bytes, want 64", len(got.Name), len(got.DisplayName))
			}
		}},
		{"row 362: deleteCredential", func(t *testing.T, p platform) {
			m, other := p.resident(testRPID, "ada"), p.resident(testRPID, "bob")
			before := storeState(p)
			_, err := p.manage(cmToken(p), ctap.DeleteCredential, named(m))
			wantStatus(t, "delete", err, nil)
			wantOtherState(t, p, before)
			wantStatus(t, "getAssertion", p.command(ctap.CommandGetAssertion, assertionBy(m.id), nil), ctap.StatusNoCredentials)
			p.get(assertionBy(), other)
			_, err = p.manage(cmToken(p), ctap.DeleteCredential, named(m))
			wantStatus(t, "delete again", err, ctap.StatusNoCredentials)
		}},
		{"row 363: the persistent token changes nothing", func(t *testing.T, p platform) {
			m := p.resident(testRPID, "ada")
			token := p.tokenBy(testPIN, pcmr, "")
			before := storeState(p)
			_, err := p.manage(token, ctap.DeleteCredential, named(m))
			wantStatus(t, "delete", err, ctap.StatusPINAuthInvalid)
			_, err = p.manage(token, ctap.UpdateUserInformation, renamed(m, &ctap.User{ID: []byte("ada")}))
			wantStatus(t, "update", err, ctap.StatusPINAuthInvalid)
			if !bytes.Equal(storeState(p), before) {
				t.Error("the credential store state changed")
			}
		}},
		{"row 364: update of another user", func(t *testing.T, p platform) {
			m := p.resident(testRPID, "ada")
			before := storeState(p)
			_, err := p.manage(cmToken(p), ctap.UpdateUserInformation, renamed(m, &ctap.User{ID: []byte("eve"), Name: "Eve"}))
			wantStatus(t, "update", err, ctap.StatusInvalidParameter)
			if !bytes.Equal(storeState(p), before) {
				t.Error("the credential store state changed")
			}
		}},
		{"row 365: unknown credentials", func(t *testing.T, p platform) {
			p.resident(testRPID, "ada")
			wrapped := p.create(creation("bob", nil)) // is not managed
			for name, id := range map[string][]byte{"short": {1}, "none": {}, "64 bytes": make([]byte, 64), "wrapped": wrapped.id} {
				m := made{id: id}
				_, err := p.manage(cmToken(p), ctap.DeleteCredential, named(m))
				wantStatus(t, name+": delete", err, ctap.StatusNoCredentials)
				_, err = p.manage(cmToken(p), ctap.UpdateUserInformation, renamed(m, &ctap.User{ID: []byte("ada")}))
				wantStatus(t, name+": update", err, ctap.StatusNoCredentials)
				_, err = p.manage(p.tokenBy(testPIN, cm, testRPID), ctap.DeleteCredential, named(m))
				wantStatus(t, name+": delete by a bound token", err, ctap.StatusPINAuthInvalid)
			}
		}},
		{"row 366: nothing stored", func(t *testing.T, p platform) {
			p.create(creation("ada", nil)) // not discoverable
			resp, err := p.manage(cmToken(p), ctap.GetCredsMetadata, nil)
			if err != nil || *resp.ExistingCount != 0 || *resp.RemainingCount != 10_000 {
				t.Errorf("getCredsMetadata: %+v, %v; want 0 and 10000", resp, err)
			}
			_, err = p.manage(cmToken(p), ctap.EnumerateRPsBegin, nil)
			wantStatus(t, "enumerateRPsBegin", err, ctap.StatusNoCredentials)
			_, err = p.manage(cmToken(p), ctap.EnumerateCredentialsBegin, rpIDHashParams(testRPID))
			wantStatus(t, "enumerateCredentialsBegin", err, ctap.StatusNoCredentials)
		}},
		{"row 367: no pinUvAuthParam", func(t *testing.T, p platform) {
			for _, sub := range []ctap.CredentialManagementSubcommand{1, 2, 4, 6, 7} {
				for name, k := range map[string]key{"with a PIN": p.key, "without": newKey(t, nil, nil)} {
					_, err := k.manage(nil, sub, nil)
					wantStatus(t, fmt.Sprintf("subCommand %02X %s", uint64(sub), name), err, ctap.StatusPUATRequired)
				}
			}
		}},
		{"row 368: nothing to go on with", func(t *testing.T, p platform) {
			p.resident(testRPID, "ada")
			p.resident(testRPID, "bob")
			p.resident("example.org", "ada")
			next := func(what string, sub ctap.CredentialManagementSubcommand) {
				_, err := p.manage(nil, sub, nil)
				wantStatus(t, what, err, ctap.StatusNotAllowed)
			}
			next("RP", ctap.EnumerateRPsGetNextRP)
			next("credential", ctap.EnumerateCredentialsGetNextCredential)
			_, err := p.manage(cmToken(p), ctap.EnumerateRPsBegin, nil)
			wantStatus(t, "enumerateRPsBegin", err, nil)
			next("credential after RPs", ctap.EnumerateCredentialsGetNextCredential)
			next("RP after that", ctap.EnumerateRPsGetNextRP)
			_, err = p.manage(cmToken(p), ctap.EnumerateCredentialsBegin, rpIDHashParams(testRPID))
			wantStatus(t, "enumerateCredentialsBegin", err, nil)
			next("RP after credentials", ctap.EnumerateRPsGetNextRP)
			next("credential after that", ctap.EnumerateCredentialsGetNextCredential)
		}},
		{"row 369: a token that is bound", func(t *testing.T, p platform) {
			p.resident(testRPID, "ada")
			token := p.tokenBy(testPIN, cm, testRPID)
			_, err := p.manage(token, ctap.GetCredsMetadata, nil)
			wantStatus(t, "getCredsMetadata", err, ctap.StatusPINAuthInvalid)
			_, err = p.manage(token, ctap.EnumerateRPsBegin, nil)
			wantStatus(t, "enumerateRPsBegin", err, ctap.StatusPINAuthInvalid)
		}},
		{"row 370: a token that is bound, for its relying party", func(t *testing.T, p platform) {
			m, other := p.resident(testRPID, "ada"), p.resident("example.org", "ada")
			token := p.tokenBy(testPIN, cm, testRPID)
			_, err := p.manage(token, ctap.EnumerateCredentialsBegin, rpIDHashParams("example.org"))
			wantStatus(t, "enumerate another's", err, ctap.StatusPINAuthInvalid)
			_, err = p.manage(token, ctap.EnumerateCredentialsBegin, rpIDHashParams(testRPID))
			wantStatus(t, "enumerate", err, nil)
			_, err = p.manage(token, ctap.UpdateUserInformation, renamed(other, &ctap.User{ID: []byte("ada")}))
			wantStatus(t, "update another's", err, ctap.StatusPINAuthInvalid)
			_, err = p.manage(token, ctap.UpdateUserInformation, renamed(m, &ctap.User{ID: []byte("ada")}))
			wantStatus(t, "update", err, nil)
			_, err = p.manage(token, ctap.DeleteCredential, named(other))
			wantStatus(t, "delete another's", err, ctap.StatusPINAuthInvalid)
			_, err = p.manage(token, ctap.DeleteCredential, named(m))
			wantStatus(t, "delete", err, nil)
		}},
		{"parameters that are missing", func(t *testing.T, p platform) {
			m := made{id: make([]byte, 64)}
			for _, tt := range []struct {
				name   string
				sub    ctap.CredentialManagementSubcommand
				params any
			}{
				{"rpIDHash", ctap.EnumerateCredentialsBegin, named(m)},
				{"all parameters", ctap.EnumerateCredentialsBegin, nil},
				{"credentialID", ctap.DeleteCredential, rpIDHashParams(testRPID)},
				{"credentialID.id", ctap.DeleteCredential, map[int]any{2: map[string]any{"type": "public-key"}}},
				{"user", ctap.UpdateUserInformation, named(m)},
				{"user.id", ctap.UpdateUserInformation, renamed(m, &ctap.User{Name: "Ada"})},
				{"credentialID of an update", ctap.UpdateUserInformation, &ctap.CredentialManagementParams{User: &ctap.User{ID: []byte{1}}}},
			} {
				_, err := p.manage(cmToken(p), tt.sub, tt.params)
				wantStatus(t, tt.name, err, ctap.StatusMissingParameter)
			}
			req := &ctap.CredentialManagementRequest{Subcommand: ctap.GetCredsMetadata, PinUvAuthParam: make([]byte, 32)}
			wantStatus(t, "pinUvAuthProtocol", p.command(ctap.CommandCredentialManagement, req, nil), ctap.StatusMissingParameter)
			req.PinUvAuthProtocol = ptr[uint64](3)
			wantStatus(t, "pinUvAuthProtocol 3", p.command(ctap.CommandCredentialManagement, req, nil), ctap.StatusInvalidParameter)
			wantStatus(t, "subCommand", p.command(ctap.CommandCredentialManagement, []byte{0xa0}, nil), ctap.StatusMissingParameter)
			_, err := p.manage(cmToken(p), 8, nil)
			wantStatus(t, "subCommand 8", err, ctap.StatusInvalidSubcommand)
			_, err = p.manage(cmToken(p), ctap.EnumerateCredentialsBegin, &ctap.CredentialManagementParams{RPIDHash: make([]byte, 31)})
			wantStatus(t, "rpIDHash of 31 bytes", err, ctap.StatusInvalidParameter)
			_, err = p.manage(cmToken(p), ctap.EnumerateCredentialsBegin, map[int]any{1: "text"})
			wantStatus(t, "rpIDHash of text", err, ctap.StatusCBORUnexpectedType)
		}},
		{"a token without cm", func(t *testing.T, p platform) {
			m := p.resident(testRPID, "ada")
			token := p.tokenBy(testPIN, mc|ga|lbw|acfg, testRPID)
			for _, tt := range []struct {
				sub    ctap.CredentialManagementSubcommand
				params any
			}{
				{ctap.GetCredsMetadata, nil},
				{ctap.EnumerateRPsBegin, nil},
				{ctap.EnumerateCredentialsBegin, rpIDHashParams(testRPID)},
				{ctap.DeleteCredential, named(m)},
				{ctap.UpdateUserInformation, renamed(m, &ctap.User{ID: []byte("ada")})},
			} {
				_, err := p.manage(token, tt.sub, tt.params)
				wantStatus(t, fmt.Sprintf("subCommand %02X", uint64(tt.sub)), err, ctap.StatusPINAuthInvalid)
			}
		}},
		{"the parameters are authenticated", func(t *testing.T, p platform) {
			m, other := p.resident(testRPID, "ada"), p.resident(testRPID, "bob")
			req := &ctap.CredentialManagementRequest{Subcommand: ctap.DeleteCredential, Params: params(named(m))}
			req.PinUvAuthProtocol, req.PinUvAuthParam = cmToken(p).sign([]byte{6}, params(named(other)))
			wantStatus(t, "another's", p.command(ctap.CommandCredentialManagement, req, nil), ctap.StatusPINAuthInvalid)
			req.PinUvAuthProtocol, req.PinUvAuthParam = cmToken(p).sign([]byte{7}, req.Params)
			wantStatus(t, "another subcommand", p.command(ctap.CommandCredentialManagement, req, nil), ctap.StatusPINAuthInvalid)
		}},
		{"the persistent token is worth nothing until it is given", func(t *testing.T, p platform) {
			stolen := &hostToken{p.protocol, p.policy.PersistentToken}
			_, err := p.manage(stolen, ctap.GetCredsMetadata, nil)
			wantStatus(t, "getCredsMetadata", err, ctap.StatusPINAuthInvalid)
			p.tokenBy(testPIN, pcmr, "")
			_, err = p.manage(stolen, ctap.GetCredsMetadata, nil)
			wantStatus(t, "getCredsMetadata, once given", err, nil)
		}},
		{"the persistent token is worth nothing again after changePIN", func(t *testing.T, p platform) {
			p.tokenBy(testPIN, pcmr, "")
			wantStatus(t, "changePIN", p.changePIN(testPIN, "another"), nil)
			stolen := &hostToken{p.protocol, p.policy.PersistentToken}
			_, err := p.manage(stolen, ctap.GetCredsMetadata, nil)
			wantStatus(t, "getCredsMetadata", err, ctap.StatusPINAuthInvalid)
		}},
		{"the persistent token ends with forceChangePin", func(t *testing.T, p platform) {
			token := p.tokenBy(testPIN, pcmr, "")
			force := &ctap.SetMinPINLengthParams{ForceChangePIN: true}
			wantStatus(t, "setMinPINLength", p.configure(p.tokenBy(testPIN, acfg, ""), ctap.SetMinPINLength, force), nil)
			_, err := p.manage(token, ctap.GetCredsMetadata, nil)
			wantStatus(t, "getCredsMetadata", err, ctap.StatusPINAuthInvalid)
		}},
		{"the preview is the same command", func(t *testing.T, p platform) {
			const preview = ctap.CommandCredentialManagementPreview
			ada := p.resident(testRPID, "ada")
			p.resident(testRPID, "bob")
			token := cmToken(p)
			_, err := p.manageBy(preview, token, ctap.EnumerateCredentialsBegin, rpIDHashParams(testRPID))
			wantStatus(t, "enumerateCredentialsBegin", err, nil)
			resp, err := p.manageBy(preview, nil, ctap.EnumerateCredentialsGetNextCredential, nil)
			if err != nil || !bytes.Equal(resp.CredentialID.ID, ada.id) {
				t.Errorf("enumerateCredentialsGetNextCredential: %+v, %v; want the other", resp, err)
			}
			_, err = p.manageBy(preview, token, ctap.UpdateUserInformation, renamed(ada, &ctap.User{ID: []byte("ada")}))
			wantStatus(t, "updateUserInformation", err, nil)
		}},
	}
	for _, row := range rows {
		for protocol := range uint64(2) {
			t.Run(fmt.Sprintf("%s, protocol %d", row.name, protocol+1), func(t *testing.T) {
				row.run(t, keyWithPIN(t, protocol+1, nil))
			})
		}
	}
}

// The persistent token outlives power cycles and restarts.
func TestPersistentTokenOverRestarts(t *testing.T) {
	store := keystore.NewMemory()
	p := keyWithPIN(t, 2, func(c *Config) { c.Store = store })
	token := p.tokenBy(testPIN, pcmr, "")
	p.Plug()
	_, err := p.manage(token, ctap.GetCredsMetadata, nil)
	wantStatus(t, "after a power cycle", err, nil)
	_ = p.Close()
	p = newKey(t, Approve{}, func(c *Config) { c.Store = store }).speaking(2)
	_, err = p.manage(token, ctap.GetCredsMetadata, nil)
	wantStatus(t, "after a restart", err, nil)
	wantStatus(t, "reset", p.command(ctap.CommandReset, nil, nil), nil)
	p.mustSetPIN(testPIN)
	p.tokenBy(testPIN, pcmr, "")
	_, err = p.manage(token, ctap.GetCredsMetadata, nil)
	wantStatus(t, "after a reset", err, ctap.StatusPINAuthInvalid)
}

// What ends an enumeration, and what does not (§6).
func TestEnumerationEnds(t *testing.T) {
	tests := []struct {
		name    string
		between func(p platform)
		want    ctap.Status
	}{
		{"nothing", func(platform) {}, 0},
		{"30 s", func(platform) { time.Sleep(30 * time.Second) }, 0},
		{"more than 30 s", func(platform) { time.Sleep(30*time.Second + 1) }, ctap.StatusNotAllowed},
		{"20 s, one more, 20 s", func(p platform) {
			time.Sleep(20 * time.Second)
			_, err := p.manage(nil, ctap.EnumerateCredentialsGetNextCredential, nil)
			wantStatus(p.t, "one more", err, nil)
			time.Sleep(20 * time.Second)
		}, 0},
		{"getInfo", func(p platform) { p.info() }, 0},
		{"selection", func(p platform) { _ = p.command(ctap.CommandSelection, nil, nil) }, ctap.StatusNotAllowed},
		{"another enumeration that fails", func(p platform) { _, _ = p.manage(nil, ctap.EnumerateRPsBegin, nil) }, ctap.StatusNotAllowed},
		{"a message that is no CBOR", func(p platform) {
			_ = p.command(ctap.CommandCredentialManagement, []byte{0xff}, nil)
		}, ctap.StatusNotAllowed},
		{"an unknown subcommand", func(p platform) { _, _ = p.manage(nil, 9, nil) }, ctap.StatusNotAllowed},
		{"a command that the key has not", func(p platform) {
			_ = p.command(ctap.CommandBioEnrollmentPreview, nil, nil)
		}, ctap.StatusNotAllowed},
		{"getNextAssertion", func(p platform) { _ = p.command(ctap.CommandGetNextAssertion, nil, nil) }, ctap.StatusNotAllowed},
		{"largeBlobs", func(p platform) { _, _ = p.readBlobs(1, 0) }, ctap.StatusNotAllowed},
		{"getPINRetries", func(p platform) { p.retries() }, ctap.StatusNotAllowed},
		{"unplugging", func(p platform) { p.Plug() }, ctap.StatusNotAllowed},
		{"another channel", func(p platform) {
			_, err := p.onChannel(2).manage(nil, ctap.EnumerateCredentialsGetNextCredential, nil)
			wantStatus(p.t, "the other channel", err, ctap.StatusNotAllowed)
		}, ctap.StatusNotAllowed},
		{"getInfo on another channel", func(p platform) { p.onChannel(2).info() }, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := keyWithPIN(t, 2, nil)
				for _, user := range []string{"ada", "bob", "eve"} {
					p.resident(testRPID, user)
				}
				_, err := p.manage(p.tokenBy(testPIN, cm, ""), ctap.EnumerateCredentialsBegin, rpIDHashParams(testRPID))
				wantStatus(t, "begin", err, nil)
				tt.between(p)
				_, err = p.manage(nil, ctap.EnumerateCredentialsGetNextCredential, nil)
				wantStatus(t, "next", err, asError(tt.want))
			})
		})
	}
}

// A sequence does not outlive the token that began it (§6), but for the
// persistent one, which does not end by time.
func TestEnumerationEndsWithItsToken(t *testing.T) {
	for permissions, want := range map[ctap.Permissions]ctap.Status{cm: ctap.StatusNotAllowed, pcmr: ctap.StatusOK} {
		t.Run(fmt.Sprintf("%02X", uint64(permissions)), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := keyWithPIN(t, 2, nil)
				for _, user := range []string{"ada", "bob", "eve"} {
					p.resident(testRPID, user)
				}
				token := p.tokenBy(testPIN, permissions, "")
				_, err := p.manage(token, ctap.GetCredsMetadata, nil)
				wantStatus(t, "first use", err, nil)
				time.Sleep(tokenLifetime - 10*time.Second)
				_, err = p.manage(token, ctap.EnumerateCredentialsBegin, rpIDHashParams(testRPID))
				wantStatus(t, "begin", err, nil)
				time.Sleep(10 * time.Second)
				_, err = p.manage(nil, ctap.EnumerateCredentialsGetNextCredential, nil)
				wantStatus(t, "next", err, nil)
				time.Sleep(time.Second)
				_, err = p.manage(nil, ctap.EnumerateCredentialsGetNextCredential, nil)
				wantStatus(t, "next, later", err, asError(want))
			})
		})
	}
}

// The same for the assertions that follow one by a token.
func TestNextAssertionEndsWithItsToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := keyWithPIN(t, 2, nil)
		for _, user := range []string{"ada", "bob", "eve"} {
			p.resident(testRPID, user)
		}
		token := p.tokenBy(testPIN, ga, testRPID)
		silent := func() *ctap.GetAssertionRequest {
			return assertedBy(token, withOptions(assertionBy(), &ctap.Options{UP: no()}))
		}
		wantStatus(t, "first use", p.command(ctap.CommandGetAssertion, silent(), nil), nil)
		time.Sleep(tokenLifetime)
		wantStatus(t, "getAssertion", p.command(ctap.CommandGetAssertion, silent(), nil), nil)
		wantStatus(t, "getNextAssertion", p.command(ctap.CommandGetNextAssertion, nil, nil), nil)
		time.Sleep(time.Nanosecond)
		wantStatus(t, "later", p.command(ctap.CommandGetNextAssertion, nil, nil), ctap.StatusNotAllowed)
	})
}

// The previews of FIDO_2_1_PRE: the same messages under other numbers, by the
// pinToken of CTAP 2.0, but no updateUserInformation.
func TestCredentialManagementPreview(t *testing.T) {
	p := profileKey(t, "fido2.1-pre").speaking(1)
	const preview = ctap.CommandCredentialManagementPreview
	p.mustSetPIN(testPIN)
	token, err := p.getPINToken(testPIN)
	if err != nil {
		t.Fatal(err)
	}
	m := p.create(creation("ada", also(discoverable, by(token))))
	other := p.create(creation("bob", also(discoverable, by(token))))
	resp, err := p.manageBy(preview, token, ctap.GetCredsMetadata, nil)
	if err != nil || *resp.ExistingCount != 2 {
		t.Errorf("getCredsMetadata: %+v, %v; want 2", resp, err)
	}
	resp, err = p.manageBy(preview, token, ctap.EnumerateRPsBegin, nil)
	if err != nil || resp.TotalRPs != 1 {
		t.Errorf("enumerateRPsBegin: %+v, %v; want 1", resp, err)
	}
	resp, err = p.manageBy(preview, token, ctap.EnumerateCredentialsBegin, rpIDHashParams(testRPID))
	if err != nil || string(resp.CredentialID.ID) != string(other.id) {
		t.Errorf("enumerateCredentialsBegin: %+v, %v; want the newest", resp, err)
	}
	resp, err = p.manageBy(preview, nil, ctap.EnumerateCredentialsGetNextCredential, nil)
	if err != nil || string(resp.CredentialID.ID) != string(m.id) {
		t.Errorf("enumerateCredentialsGetNextCredential: %+v, %v; want the other", resp, err)
	}
	_, err = p.manageBy(preview, token, ctap.UpdateUserInformation, renamed(m, &ctap.User{ID: []byte("ada")}))
	wantStatus(t, "updateUserInformation", err, ctap.StatusInvalidSubcommand)
	_, err = p.manageBy(preview, token, ctap.DeleteCredential, named(m))
	wantStatus(t, "deleteCredential", err, nil)
	_, err = p.manageBy(preview, nil, ctap.GetCredsMetadata, nil)
	wantStatus(t, "no token", err, ctap.StatusPUATRequired)
	_, err = p.manage(token, ctap.GetCredsMetadata, nil)
	wantStatus(t, "0A", err, ctap.StatusInvalidCommand)
}

// What each change of the credentials costs: one commit, its new state included.
func TestCredentialCommits(t *testing.T) {
	store := &countingStore{Store: keystore.NewMemory()}
	p := keyWithPIN(t, 2, func(c *Config) { c.Store = store })
	token := p.tokenBy(testPIN, mc, testRPID)
	before := store.commits
	m := p.create(creation("ada", also(discoverable, by(token))))
	if got := store.commits - before; got != 1 {
		t.Errorf("makeCredential: %d commits, want 1", got)
	}
	token = p.tokenBy(testPIN, cm, "")
	for _, tt := range []struct {
		sub    ctap.CredentialManagementSubcommand
		params any
		want   int
	}{
		{ctap.GetCredsMetadata, nil, 0},
		{ctap.EnumerateRPsBegin, nil, 0},
		{ctap.EnumerateCredentialsBegin, rpIDHashParams(testRPID), 0},
		{ctap.UpdateUserInformation, renamed(m, &ctap.User{ID: []byte("ada")}), 1},
		{ctap.DeleteCredential, named(m), 1},
	} {
		before := store.commits
		_, err := p.manage(token, tt.sub, tt.params)
		if got := store.commits - before; err != nil || got != tt.want {
			t.Errorf("subCommand %02X: %d commits, %v; want %d", uint64(tt.sub), got, err, tt.want)
		}
	}
}
