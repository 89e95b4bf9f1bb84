package webauthn

import (
	"context"
	"crypto/sha256"
	"encoding/base64"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
)

// prfInputs and prfOutputs are those of the extension prf (§10.1.4), which
// evaluates a function of the credential's own: hmac-secret and hmac-secret-mc
// of CTAP (§12.7, §12.8).
//
// A key has two such functions for a credential, one for the verified user and
// one for whoever is present. Pages get only the first: where the key could
// verify the user and did not, there are no results.
type prfInputs struct {
	Eval             *prfValues           `json:"eval"`
	EvalByCredential map[string]prfValues `json:"evalByCredential"`
}

type prfOutputs struct {
	Enabled *bool      `json:"enabled,omitempty"` // of a creation
	Results *prfValues `json:"results,omitempty"`
}

type prfValues struct {
	First  base64URL `json:"first"`
	Second base64URL `json:"second,omitempty"` // nil: absent
}

// check refuses values that lack what WebIDL requires.
func (p *prfInputs) check() error {
	values := []*prfValues{p.Eval}
	for _, v := range p.EvalByCredential {
		values = append(values, &v)
	}
	for _, v := range values {
		if v != nil && v.First == nil {
			return fail(TypeError, "prf: first is missing")
		}
	}
	return nil
}

// salts returns what the key gets to see of the values: hashes, so that no page
// chooses what the key computes upon.
func (v *prfValues) salts() [][32]byte {
	salts := [][32]byte{prfSalt(v.First)}
	if v.Second != nil {
		salts = append(salts, prfSalt(v.Second))
	}
	return salts
}

func prfSalt(value []byte) [32]byte {
	return sha256.Sum256(append([]byte("WebAuthn PRF\x00"), value...))
}

// prfResults decrypts the output of an extension.
func prfResults(h *client.HMACSecret, output ctap.Raw) (*prfValues, error) {
	values, err := h.Outputs(output)
	if err != nil {
		return nil, &Error{UnknownError, "the key failed to evaluate prf", err}
	}
	results := &prfValues{First: values[0]}
	if len(values) > 1 {
		results.Second = values[1]
	}
	return results, nil
}

// mayEvaluate tells whether the function that the key would evaluate is the one
// for verified users, or the only one it will ever have.
func (c *ceremony) mayEvaluate() bool { return c.isVerified() || !c.couldVerify() }

const (
	hmacSecret   = "hmac-secret"
	hmacSecretMC = "hmac-secret-mc" // #nosec G101 -- a name
)

// createPRF is the extension prf of a creation.
var createPRF = clientExtension[*creation]{
	check: func(_ context.Context, op *creation) error {
		p := op.opts.Extensions.PRF
		if p == nil {
			return nil
		}
		if p.EvalByCredential != nil {
			return fail(NotSupportedError, "prf: there is no credential yet for evalByCredential")
		}
		return p.check()
	},
	ask: func(ctx context.Context, op *creation) (err error) {
		p := op.opts.Extensions.PRF
		if p == nil || !op.extends(hmacSecret) {
			return nil
		}
		if err := op.extend(hmacSecret, true); err != nil {
			return err
		}
		if p.Eval == nil || !op.extends(hmacSecretMC) || !op.mayEvaluate() {
			return nil
		}
		if op.prf, err = op.client.Device.HMACSecret(ctx, p.Eval.salts()...); err != nil {
			return err
		}
		return op.extend(hmacSecretMC, op.prf.Input())
	},
	tell: func(_ context.Context, op *creation) error {
		if op.opts.Extensions.PRF == nil {
			return nil
		}
		enabled, err := op.outputs.isTrue(hmacSecret)
		if err != nil {
			return err
		}
		op.results.PRF = &prfOutputs{Enabled: &enabled}
		if output, ok := op.outputs[hmacSecretMC]; ok && op.prf != nil {
			op.results.PRF.Results, err = prfResults(op.prf, output)
		}
		return err
	},
}

// hmacCreateSecret is the extension hmac-secret of a creation by its own name
// (§12.7 of CTAP), which most browsers do not offer beside prf.
var hmacCreateSecret = clientExtension[*creation]{
	ask: func(_ context.Context, op *creation) error {
		if !op.opts.Extensions.HMACCreateSecret || !op.extends(hmacSecret) {
			return nil
		}
		return op.extend(hmacSecret, true)
	},
	tell: func(_ context.Context, op *creation) error {
		if !op.opts.Extensions.HMACCreateSecret {
			return nil
		}
		enabled, err := op.outputs.isTrue(hmacSecret)
		op.results.HMACCreateSecret = &enabled
		return err
	},
}

// getPRF is the extension prf of an authentication.
var getPRF = clientExtension[*authentication]{
	check: func(_ context.Context, op *authentication) error {
		p := op.opts.Extensions.PRF
		if p == nil {
			return nil
		}
		if len(p.EvalByCredential) > 0 && len(op.opts.AllowCredentials) == 0 {
			return fail(NotSupportedError, "prf: evalByCredential without allowCredentials")
		}
		for id := range p.EvalByCredential {
			if !op.opts.allows(id) {
				return fail(SyntaxError, "prf: %q is none of allowCredentials", id)
			}
		}
		return p.check()
	},
	ask: func(ctx context.Context, op *authentication) (err error) {
		values := op.prfValues()
		if values == nil || !op.extends(hmacSecret) || !op.mayEvaluate() {
			return nil
		}
		if op.prf, err = op.client.Device.HMACSecret(ctx, values.salts()...); err != nil {
			return err
		}
		return op.extend(hmacSecret, op.prf.Input())
	},
	tell: func(_ context.Context, op *authentication) (err error) {
		if op.opts.Extensions.PRF == nil {
			return nil
		}
		op.results.PRF = &prfOutputs{}
		if output, ok := op.outputs[hmacSecret]; ok && op.prf != nil {
			op.results.PRF.Results, err = prfResults(op.prf, output)
		}
		return err
	},
}

// wantsPRF tells whether values are to be evaluated, for which the user should
// be verified.
func (op *authentication) wantsPRF() bool {
	p := op.opts.Extensions.PRF
	return p != nil && (p.Eval != nil || len(p.EvalByCredential) > 0) && op.extends(hmacSecret)
}

// prfValues returns the values for the credential that is asked for; those that
// are for one only, where it is known which it will be.
func (op *authentication) prfValues() *prfValues {
	p := op.opts.Extensions.PRF
	if p == nil {
		return nil
	}
	if len(op.allowList) == 1 {
		if v, ok := p.EvalByCredential[encodeID(op.allowList[0].ID)]; ok {
			return &v
		}
	}
	return p.Eval
}

// allows tells whether id is the base64url of one of the allowed credentials,
// in its one spelling.
func (o *requestOptions) allows(id string) bool {
	for _, d := range o.AllowCredentials {
		if id == encodeID(d.ID) {
			return true
		}
	}
	return false
}

func encodeID(id []byte) string { return base64.RawURLEncoding.EncodeToString(id) }
