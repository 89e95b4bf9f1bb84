package ctap

// LargeBlobsRequest holds the parameters of authenticatorLargeBlobs (§6.10).
// Get and Set exclude each other.
type LargeBlobsRequest struct {
	Get               *uint64 `cbor:"1,keyasint,omitempty"`
	Set               Bytes   `cbor:"2,keyasint,omitzero"`
	Offset            *uint64 `cbor:"3,keyasint,omitempty"`
	Length            *uint64 `cbor:"4,keyasint,omitempty"`
	PinUvAuthParam    Bytes   `cbor:"5,keyasint,omitzero"`
	PinUvAuthProtocol *uint64 `cbor:"6,keyasint,omitempty"`
}

// ParseLargeBlobsRequest decodes the parameters; the error is or wraps a
// [Status].
func ParseLargeBlobsRequest(data []byte) (*LargeBlobsRequest, error) {
	var r LargeBlobsRequest
	if err := unmarshalParameters(data, &r); err != nil {
		return nil, err
	}
	return &r, nil
}

// LargeBlobsResponse is the answer to authenticatorLargeBlobs with Get: a part
// of the serialized large-blob array.
type LargeBlobsResponse struct {
	Config []byte `cbor:"1,keyasint"`
}
