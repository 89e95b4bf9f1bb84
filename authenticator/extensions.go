package authenticator

import (
	"context"
	"fmt"
	"slices"

	"github.com/softkey-project/softkey/ctap"
)

// extension is one row of the table of extensions (§12). An extension may do
// nothing in one of the two commands.
type extension struct {
	name string

	// create runs when a credential is made, after its key was and before the
	// key is wrapped: it may change op.created, op.record, op.outputs and
	// op.response.
	create func(op *makeCredential, input ctap.Raw) error

	// get runs for each assertion, before it is signed: it may change
	// op.outputs and op.response. What it has to store waits in op until the
	// answer is made, for that may be refused.
	get func(op *getAssertion, input ctap.Raw) error
}

// extensions is the table: an extension is a file and a line here. They run in
// this order. Which of them a key has is its profile's choice.
var extensions = []extension{
	credProtect,
	credBlob,
	largeBlobKey,
	minPinLength,
	pinComplexityPolicy,
	hmacSecret,
	hmacSecretMC, // looks at what hmac-secret did
	thirdPartyPayment,
	uvm,
	previewSign,
	largeBlob,
}

// extensionByName returns the extension with a name, or nil.
func extensionByName(name string) *extension {
	i := slices.IndexFunc(extensions, func(e extension) bool { return e.name == name })
	if i < 0 {
		return nil
	}
	return &extensions[i]
}

// outputs are what extensions say to the host.
type outputs struct {
	signed   map[string]any // in authenticatorData
	unsigned map[string]any // beside it
}

func (o *outputs) sign(name string, value any) {
	if o.signed == nil {
		o.signed = map[string]any{}
	}
	o.signed[name] = value
}

func (o *outputs) tell(name string, value any) {
	if o.unsigned == nil {
		o.unsigned = map[string]any{}
	}
	o.unsigned[name] = value
}

// encode returns the signed outputs for authenticatorData, nil if there are
// none.
func (o *outputs) encode() ctap.Raw {
	if len(o.signed) == 0 {
		return nil
	}
	return ctap.MustMarshal(o.signed)
}

// runExtensions is step 15 of makeCredential.
func (op *makeCredential) runExtensions(context.Context) error {
	for _, e := range extensions {
		input, asked := op.req.Extensions[e.name]
		if !asked || e.create == nil || !op.a.profile.extends(e.name) {
			continue
		}
		if err := e.create(op, input); err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
	}
	return nil
}

// runExtensions is step 10 of getAssertion.
func (op *getAssertion) runExtensions() error {
	for _, e := range extensions {
		input, asked := op.req.Extensions[e.name]
		if !asked || e.get == nil || !op.a.profile.extends(e.name) {
			continue
		}
		if err := e.get(op, input); err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
	}
	return nil
}

// extends tells whether the key has an extension.
func (p *Profile) extends(name string) bool { return slices.Contains(p.Extensions, name) }

// onTrue makes one half of an extension of what it does when its input is true.
// The input false is as good as none.
func onTrue[Operation any](run func(Operation) error) func(Operation, ctap.Raw) error {
	return func(op Operation, input ctap.Raw) error {
		on, err := inputBool(input)
		if err != nil || !on {
			return err
		}
		return run(op)
	}
}

func inputBool(input ctap.Raw) (on bool, err error) {
	err = ctap.UnmarshalLax(input, &on)
	return on, err
}

// byteString is a byte string of an input; nil: absent. The decoder alone would
// take an array of small numbers for one, too.
type byteString []byte

// UnmarshalCBOR is for the decoder.
func (b *byteString) UnmarshalCBOR(item []byte) error {
	const majorBytes = 2
	if item[0]>>5 != majorBytes {
		return fmt.Errorf("no byte string: %w", ctap.StatusCBORUnexpectedType)
	}
	return ctap.UnmarshalLax(item, (*[]byte)(b))
}
