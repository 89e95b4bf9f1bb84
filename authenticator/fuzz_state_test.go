package authenticator

import (
	"bytes"
	"maps"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

// contents returns all that a store holds, by bucket and key.
func contents(t *testing.T, s keystore.Store) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := s.View(func(tx keystore.Tx) error {
		for _, b := range []keystore.Bucket{"device", "attestation", "settings", "credentials", "index", "handles"} {
			for key, value := range tx.All(b, nil) {
				all[string(b)+" "+string(key)] = string(value)
			}
		}
		return nil
	})
	if err != nil || len(all) == 0 {
		t.Fatalf("contents: %d values, %v", len(all), err)
	}
	return all
}

// withoutAttempts leaves out what may change though a command is refused: how
// often the user was not verified, and the mark of the counter.
func withoutAttempts(t *testing.T, all map[string]string) map[string]string {
	t.Helper()
	var p keystore.Policy
	if stored := all["settings policy"]; stored != "" {
		if err := ctap.Unmarshal([]byte(stored), &p); err != nil {
			t.Fatal(err)
		}
	}
	p.PINFailures, p.UVFailures, p.UVSincePIN = 0, 0, 0
	all["settings policy"] = string(ctap.MustMarshal(p))
	delete(all, "device sign-count")
	return all
}

// authorized returns the message with a pinUvAuthParam of the token, where it is
// a request that takes one.
func authorized(token *hostToken, message []byte) []byte {
	var req any
	switch ctap.Command(message[0]) {
	case ctap.CommandMakeCredential:
		r, err := ctap.ParseMakeCredentialRequest(message[1:])
		if err != nil {
			return message
		}
		r.PinUvAuthProtocol, r.PinUvAuthParam = token.sign(r.ClientDataHash)
		req = r
	case ctap.CommandGetAssertion:
		r, err := ctap.ParseGetAssertionRequest(message[1:])
		if err != nil {
			return message
		}
		r.PinUvAuthProtocol, r.PinUvAuthParam = token.sign(r.ClientDataHash)
		req = r
	default:
		return message
	}
	body, err := ctap.Marshal(req)
	if err != nil {
		return message
	}
	return append([]byte{message[0]}, body...)
}

// FuzzState sends any command to a key that has a PIN and credentials, with a
// pinUvAuthToken or without. A command that is refused changes nothing but the
// count of attempts, one that only reads changes nothing at all, and the
// signature counter rises from one assertion to the next, whatever came between.
func FuzzState(f *testing.F) {
	for id := range commands {
		f.Add(byte(id), false, []byte{0xa0})
		f.Add(byte(id), true, []byte{0xa1, 1, 1})
	}
	for _, token := range []bool{false, true} {
		f.Add(byte(1), token, ctap.MustMarshal(creation("ada", nil)))
		f.Add(byte(1), token, ctap.MustMarshal(creation("ada", discoverable)))
		f.Add(byte(1), token, ctap.MustMarshal(inputs{"hmac-secret": true, "credBlob": []byte{1}, "largeBlobKey": true}.creation("eve", discoverable)))
		f.Add(byte(2), token, ctap.MustMarshal(assertionBy()))
		f.Add(byte(2), token, ctap.MustMarshal(assertionBy(make([]byte, 128))))
	}
	f.Add(byte(6), false, ctap.MustMarshal(map[int]any{1: 2, 2: 9, 3: map[int]any{1: 2, 3: -25, -1: 1, -2: make([]byte, 32), -3: make([]byte, 32)}, 6: make([]byte, 32), 9: 4}))
	f.Add(byte(0x0c), false, ctap.MustMarshal(map[int]any{2: emptyLargeBlobArray(), 3: 0, 4: 17}))
	newKey := fuzzKeys(f)
	f.Fuzz(func(t *testing.T, id byte, withToken bool, body []byte) {
		p := newKey(t)
		defer p.Close()
		wrapped := p.create(creation("ada", nil))
		p.create(creation("bob", also(discoverable, by(p.tokenBy(testPIN, mc, testRPID)))))
		first := lastCount(p.key, wrapped)
		message := append([]byte{id}, body...)
		if withToken {
			message = authorized(p.tokenBy(testPIN, mc|ga, testRPID), message)
		}
		before := withoutAttempts(t, contents(t, p.cfg.Store))
		answer := p.on(t.Context(), 1, ctap.CTAP2, message)
		checkAnswer(t, message, answer)
		after := withoutAttempts(t, contents(t, p.cfg.Store))
		if (ctap.Status(answer[0]) != ctap.StatusOK || readsOnly(message)) && !maps.Equal(before, after) {
			t.Errorf("%x, answered by %x, changed the store", message, answer)
		}
		if ctap.Command(id) == ctap.CommandReset && ctap.Status(answer[0]) == ctap.StatusOK {
			return // there is nothing to sign with any more
		}
		if last := lastCount(p.key, wrapped); last <= first {
			t.Errorf("counter %d after %d, and %x between", last, first, message)
		}
	})
}

// lastCount signs silently and returns the counter.
func lastCount(k key, by made) uint32 {
	k.t.Helper()
	req := assertionBy(by.id)
	req.Options = &ctap.Options{UP: no()}
	_, data := k.get(req, by)
	return data.SignCount
}

// readsOnly tells whether a command has nothing to change.
func readsOnly(message []byte) bool {
	switch ctap.Command(message[0]) {
	case ctap.CommandGetAssertion, ctap.CommandGetInfo, ctap.CommandGetNextAssertion, ctap.CommandSelection:
		return true
	}
	return false
}

// FuzzAPDU sends any APDU. It is answered by a status word that U2F knows, one
// that is refused changes nothing, and counters rise.
func FuzzAPDU(f *testing.F) {
	f.Add(registerAPDU.Append(nil))
	f.Add(ctap.CommandAPDU{INS: ctap.U2FVersion}.Append(nil))
	for _, control := range []byte{3, 7, 8, 0} {
		f.Add(authenticate(control, make([]byte, 128)).Append(nil))
	}
	f.Add([]byte{0, 1, 3, 0, 64})
	f.Add([]byte{0, 0xa4, 4, 0, 8, 0xa0, 0, 0, 6, 0x47, 0x2f, 0, 1, 0})
	newKey := fuzzKeys(f)
	f.Fuzz(func(t *testing.T, apdu []byte) {
		p := newKey(t)
		defer p.Close()
		ours := p.register()
		first := p.sign(ctap.U2FSign, ours).Counter
		before := withoutAttempts(t, contents(t, p.cfg.Store))
		answer := p.on(t.Context(), 1, ctap.CTAP1, apdu)
		if len(answer) < 2 {
			t.Fatalf("answer %x to %x, want a status word", answer, apdu)
		}
		_, err := ctap.ParseResponseAPDU(answer)
		if err == ctap.SWUnknown || err != nil && len(answer) != 2 {
			t.Errorf("answer %x to %x", answer, apdu)
		}
		if !maps.Equal(before, withoutAttempts(t, contents(t, p.cfg.Store))) {
			t.Errorf("%x, answered by %x, changed the store", apdu, answer)
		}
		if last := p.sign(ctap.U2FSign, ours).Counter; last <= first {
			t.Errorf("counter %d after %d, and %x between", last, first, apdu)
		}
	})
}

// FuzzKeyHandle states that a credential ID of which one byte is another, or that
// somebody made up, signs nothing, in neither protocol.
func FuzzKeyHandle(f *testing.F) {
	f.Add([]byte{1})
	f.Add(make([]byte, 128))
	f.Add(append([]byte{1}, make([]byte, 63)...))
	f.Add(bytes.Repeat([]byte{0xff}, 255))
	newKey := fuzzKeys(f)
	f.Fuzz(func(t *testing.T, change []byte) {
		p := newKey(t)
		defer p.Close()
		ours := p.register()
		forged := bytes.Clone(ours.handle)
		if len(change) < 4 { // a bit of ours
			for _, b := range change {
				forged[int(b)%len(forged)] ^= 1 << (b % 8)
			}
		} else {
			forged = change[:min(len(change), 255)]
		}
		if bytes.Equal(forged, ours.handle) {
			return
		}
		req := assertionBy(forged)
		if err := p.command(ctap.CommandGetAssertion, req, nil); err == nil {
			t.Errorf("the key signed for %x", forged)
		}
		for _, control := range []byte{ctap.U2FCheckOnly, ctap.U2FEnforceAndSign, ctap.U2FSign} {
			if _, err := p.apdu(authenticate(control, forged)); err == nil || err == ctap.SWConditionsNotSatisfied {
				t.Errorf("U2F, control %02x: %v for %x", control, err, forged)
			}
		}
	})
}
