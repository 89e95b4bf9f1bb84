package ctap

// HMACSecretInput is the input of the extensions hmac-secret, in getAssertion, and
// hmac-secret-mc (§12.7, §12.8). A member that is absent is nil.
type HMACSecretInput struct {
	KeyAgreement Raw     `cbor:"1,keyasint,omitempty"` // the platform's COSE_Key
	SaltEnc      Bytes   `cbor:"2,keyasint,omitzero"`
	SaltAuth     Bytes   `cbor:"3,keyasint,omitzero"`
	Protocol     *uint64 `cbor:"4,keyasint,omitempty"`
}

// ParseHMACSecretInput decodes the input that a request has for the extension,
// whose memory it shares. The error is or wraps a [Status].
func ParseHMACSecretInput(input Raw) (*HMACSecretInput, error) {
	in := new(HMACSecretInput)
	return in, in.unmarshal(input)
}

func (in *HMACSecretInput) unmarshal(data []byte) error {
	c := newCursor(data)
	in.read(&c)
	return c.verdict(in)
}

func (in *HMACSecretInput) read(c *cursor) {
	for m := c.object(); m.more(); {
		switch m.number() {
		case 1:
			in.KeyAgreement = c.raw()
		case 2:
			in.SaltEnc = c.bytes()
		case 3:
			in.SaltAuth = c.bytes()
		case 4:
			in.Protocol = new(c.unsigned())
		default:
			c.skip()
		}
	}
}
