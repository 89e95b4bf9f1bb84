package authenticator

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// errHalf says that an extension has one part of its output and not another.
var errHalf = errors.New("half of it works")

type extensionTry struct {
	name string
	try  func(r rig) error
}

// extensionTries ask for each extension that softkey has, in the company that it
// needs, and for one that nobody has. They come to nil where the extension has its
// outputs, in both commands if it is of both, and to errUntrue where it has none
// and is ignored.
var extensionTries = []extensionTry{
	{"credProtect", func(r rig) error {
		m, err := r.makes(inputs{"credProtect": 2}, discoverable)
		if err != nil {
			return err
		}
		silently := r.command(ctap.CommandGetAssertion, silent(assertionBy()), nil)
		return works(r.told(m.data, "credProtect", 2), errors.Is(silently, ctap.StatusNoCredentials))
	}},
	{"credBlob", func(r rig) error {
		m, err := r.makes(inputs{"credBlob": []byte("blob")}, discoverable)
		if err != nil {
			return err
		}
		_, data, err := r.asserts(inputs{"credBlob": true}, m)
		if err != nil {
			return err
		}
		return works(r.info.MaxCredBlobLength >= 32, r.told(m.data, "credBlob", true), r.told(data, "credBlob", []byte("blob")))
	}},
	{"largeBlobKey", func(r rig) error {
		m, err := r.makes(inputs{"largeBlobKey": true}, discoverable)
		if err != nil {
			return err
		}
		resp, _, err := r.asserts(inputs{"largeBlobKey": true}, m)
		if err != nil {
			return err
		}
		key := m.response.LargeBlobKey
		return works(len(key) == 32, len(key) == 32 && bytes.Equal(resp.LargeBlobKey, key))
	}},
	{"minPinLength", func(r rig) error {
		r.listed()
		m, err := r.makes(inputs{"minPinLength": true})
		if err != nil {
			return err
		}
		return works(r.told(m.data, "minPinLength", r.info.MinPINLength))
	}},
	{"pinComplexityPolicy", func(r rig) error {
		r.listed()
		m, err := r.makes(inputs{"pinComplexityPolicy": true})
		if err != nil {
			return err
		}
		return works(r.told(m.data, "pinComplexityPolicy", r.info.PINComplexityPolicy))
	}},
	{"hmac-secret", func(r rig) error {
		m, err := r.makes(inputs{"hmac-secret": true})
		if err != nil {
			return err
		}
		h := r.agreed()
		_, data, err := r.asserts(h.asked(salt1), m)
		if err != nil {
			return err
		}
		return works(r.told(m.data, "hmac-secret", true), h.opens(data, "hmac-secret"))
	}},
	{"hmac-secret-mc", func(r rig) error {
		h := r.agreed()
		m, err := r.makes(inputs{"hmac-secret": true, "hmac-secret-mc": h.salts(salt1)})
		if err != nil {
			return err
		}
		return works(h.opens(m.data, "hmac-secret-mc"))
	}},
	{"thirdPartyPayment", func(r rig) error {
		m, err := r.makes(inputs{"thirdPartyPayment": true})
		if err != nil {
			return err
		}
		_, data, err := r.asserts(inputs{"thirdPartyPayment": true}, m)
		if err != nil {
			return err
		}
		return works(r.told(data, "thirdPartyPayment", true))
	}},
	{"uvm", func(r rig) error {
		m, err := r.makes(inputs{"uvm": true})
		if err != nil {
			return err
		}
		_, data, err := r.asserts(inputs{"uvm": true}, m)
		if err != nil {
			return err
		}
		return works(r.told(m.data, "uvm", [][]int{{passcodeExternal, 1, 1}}), r.told(data, "uvm", [][]int{{presenceInternal, 1, 1}}))
	}},
	{"previewSign", func(r rig) error {
		m, err := r.makes(generateKey(nil, cose.ES256))
		if err != nil {
			return err
		}
		if m.response.UnsignedExtensionOutputs == nil {
			return works(m.data.Flags&ctap.FlagED != 0)
		}
		s := signingKeyOf(r.t.(*testing.T), m)
		_, data, err := r.asserts(signingInput(s.handle, []byte("to be signed"), nil), m)
		if err != nil {
			return err
		}
		return works(true, data.Flags&ctap.FlagED != 0)
	}},
	{"largeBlob", func(r rig) error {
		m, err := r.makes(support("required"), discoverable)
		if err != nil {
			return err
		}
		resp, _, err := r.asserts(writeBlob([]byte("blob"), 4), m)
		if err != nil {
			return err
		}
		return works(m.response.UnsignedExtensionOutputs != nil, resp.UnsignedExtensionOutputs != nil)
	}},
	{"unheard of", func(r rig) error {
		in := inputs{"unheard of": true}
		m, err := r.makes(in)
		if err != nil {
			return err
		}
		resp, data, err := r.asserts(in, m)
		if err != nil {
			return err
		}
		return works(m.data.Flags&ctap.FlagED != 0, m.response.UnsignedExtensionOutputs != nil,
			data.Flags&ctap.FlagED != 0, resp.UnsignedExtensionOutputs != nil)
	}},
}

// works is what a try comes to: nil if all of an extension is there, errUntrue if
// nothing of it is.
func works(parts ...bool) error {
	switch {
	case !slices.Contains(parts, false):
		return nil
	case !slices.Contains(parts, true):
		return errUntrue
	}
	return errHalf
}

// makes registers with inputs of extensions.
func (r rig) makes(in inputs, changes ...func(*ctap.MakeCredentialRequest)) (made, error) {
	return r.registers(append(changes, func(q *ctap.MakeCredentialRequest) { q.Extensions = in.raw() })...)
}

// asserts asks for an assertion, after a touch and without user verification.
func (r rig) asserts(in inputs, by made) (*ctap.GetAssertionResponse, *ctap.AuthenticatorData, error) {
	var resp ctap.GetAssertionResponse
	if err := r.command(ctap.CommandGetAssertion, in.assertion(by.id), &resp); err != nil {
		return nil, nil, err
	}
	data, err := ctap.ParseAuthenticatorData(resp.AuthData)
	return &resp, data, err
}

// told tells whether an extension has an output of some value.
func (r rig) told(data *ctap.AuthenticatorData, name string, want any) bool {
	r.t.Helper()
	var got ctap.Raw
	return output(r.t, data, name, &got) && bytes.Equal(got, ctap.MustMarshal(want))
}

// listed puts the test's site on the list of those that are told the PIN policy,
// where the key has such a list.
func (r rig) listed() {
	r.t.Helper()
	if r.info.MaxRPIDsForSetMinPINLength == nil {
		return
	}
	set := &ctap.SetMinPINLengthParams{MinPINLengthRPIDs: []string{testRPID}}
	wantStatus(r.t, "setMinPINLength", r.configure(r.tokenFor(acfg), ctap.SetMinPINLength, set), nil)
}

// agreed is a host that shares a secret with the key.
func (r rig) agreed() *extHost { return newExtHost(r.key, r.protocol.Number()) }

// opens tells whether there is an output of one secret that the host can decrypt.
func (h *extHost) opens(data *ctap.AuthenticatorData, name string) bool {
	h.t.Helper()
	var there ctap.Raw
	return output(h.t, data, name, &there) && len(h.opened(data, name)) == 32
}

func extensionClaims() (claims []claim) {
	for _, e := range extensionTries {
		claims = append(claims, claim{
			"extension " + e.name,
			func(i *ctap.GetInfoResponse) bool { return slices.Contains(i.Extensions, e.name) },
			e.try,
			[]error{errUntrue},
		})
	}
	return claims
}

// An extension that softkey gets must be tried.
func TestEachExtensionIsTried(t *testing.T) {
	for _, e := range extensions {
		if !slices.ContainsFunc(extensionTries, func(try extensionTry) bool { return try.name == e.name }) {
			t.Errorf("no try of %s", e.name)
		}
	}
}
