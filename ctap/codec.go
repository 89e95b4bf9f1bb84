package ctap

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// Raw is one CBOR item that is kept as it came, to be decoded by whoever knows
// what it is: an extension's input, a subcommand's parameters.
type Raw = cbor.RawMessage

// codec is the pair of CBOR modes that CTAP messages need. Making the modes is
// cheap but not free, so it is done once; both are immutable.
var codec = newCodec()

type cborCodec struct {
	enc    cbor.UserBufferEncMode
	dec    cbor.DecMode
	answer cbor.DecMode // of an authenticator
}

func newCodec() cborCodec {
	enc, err := cbor.CTAP2EncOptions().UserBufferEncMode()
	if err != nil {
		panic(err) // the library refuses its own preset
	}
	options := cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		MaxNestedLevels:   16, // a host may meet deep attestation statements; requests are held to maxDepth
		MaxArrayElements:  65536,
		MaxMapPairs:       65536,
	}
	dec := decMode(options)
	options.UTF8 = cbor.UTF8DecodeInvalid
	return cborCodec{enc, dec, decMode(options)}
}

func decMode(options cbor.DecOptions) cbor.DecMode {
	mode, err := options.DecMode()
	if err != nil {
		panic(err) // which would be a mistake of ours
	}
	return mode
}

// Marshal returns v in CTAP2 canonical CBOR (§8).
func Marshal(v any) ([]byte, error) {
	if a, ok := v.(Appender); ok {
		return a.AppendCBOR(nil)
	}
	return codec.enc.Marshal(v)
}

// MustMarshal is [Marshal] for values that cannot fail to be encoded: structs
// of this package's making, and test data.
func MustMarshal(v any) []byte {
	b, err := Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// Unmarshal decodes data, which must be one item of CTAP2 canonical CBOR, into
// v. Members that v does not know are ignored. The error is, as §8 says,
// [StatusInvalidCBOR] for anything ill-formed or not canonical, and
// [StatusCBORUnexpectedType] where a known member has the wrong type.
//
// What is decoded shares no memory with data.
func Unmarshal(data []byte, v any) error {
	if m, ok := v.(message); ok {
		return m.unmarshal(bytes.Clone(data))
	}
	if err := CheckCanonical(data); err != nil {
		return err
	}
	return UnmarshalLax(data, v)
}

// A message decodes itself, by hand and in one pass: the requests that come with
// each registration and each login. It does what [Unmarshal] does of others, with
// the tags of its fields, and the tests hold it to that.
type message interface {
	// unmarshal decodes data, of which the message keeps parts.
	unmarshal(data []byte) error
}

// verdict is what a cursor has to say of the data that it decoded into m: nil, or
// why they are refused. In a misfit the library finds the mistake once more, for
// it names the member and the types.
func (c *cursor) verdict(m message) error {
	c.end()
	if c.err != nil || !c.misfit {
		return c.err
	}
	return UnmarshalLax(c.data, m)
}

// UnmarshalLax is [Unmarshal] without the check of the canonical form: hosts
// read the answers of authenticators with it, which are not all strict.
func UnmarshalLax(data []byte, v any) error {
	return statusOfCBOR(codec.dec.Unmarshal(data, v))
}

// UnmarshalAnswer is [UnmarshalLax] for the whole answer of an authenticator:
// text may be other than UTF-8, and is decoded as it came, since there are keys
// that cut a name inside a letter.
func UnmarshalAnswer(data []byte, v any) error {
	return statusOfCBOR(codec.answer.Unmarshal(data, v))
}

// unmarshalFirst decodes the first item of data into v and returns what
// follows it.
func unmarshalFirst(data []byte, v any) (rest []byte, err error) {
	rest, err = codec.dec.UnmarshalFirst(data, v)
	return rest, statusOfCBOR(err)
}

func statusOfCBOR(err error) error {
	if err == nil {
		return nil
	}
	var wrongType *cbor.UnmarshalTypeError
	if errors.As(err, &wrongType) {
		return fmt.Errorf("%w: %w", err, StatusCBORUnexpectedType)
	}
	return fmt.Errorf("%w: %w", err, StatusInvalidCBOR)
}

// unmarshalParameters decodes the parameters of a command that needs some: a
// map, or else [StatusInvalidCBOR].
func unmarshalParameters(data []byte, v any) error {
	if err := checkMap(data); err != nil {
		return err
	}
	return Unmarshal(data, v)
}

// parseParameters is unmarshalParameters of a message, which keeps parts of data.
func parseParameters(data []byte, m message) error {
	if err := checkMap(data); err != nil {
		return err
	}
	return m.unmarshal(data)
}

func checkMap(data []byte) error {
	if len(data) == 0 || data[0]>>5 != majorMap {
		return fmt.Errorf("parameters are not a map: %w", StatusInvalidCBOR)
	}
	return nil
}

// hasMember tells whether parameters that were decoded hold a member: the zero
// that stands for a missing number may have been sent.
func hasMember(data []byte, member uint64) bool {
	var members map[any]Raw
	return UnmarshalLax(data, &members) == nil && members[member] != nil
}
