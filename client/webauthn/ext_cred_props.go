package webauthn

import "context"

// credPropsOutputs tell whether the credential is discoverable.
type credPropsOutputs struct {
	RK bool `json:"rk"`
}

// credProps is the extension of that name (§10.1.3). The key is not asked.
var credProps = clientExtension[*creation]{
	tell: func(_ context.Context, op *creation) error {
		if op.opts.Extensions.CredProps {
			op.results.CredProps = &credPropsOutputs{RK: op.rk}
		}
		return nil
	},
}
