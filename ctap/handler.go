package ctap

import "context"

// Protocol tells the two message formats of CTAP apart.
type Protocol uint8

// The protocols that a [Request] may speak.
const (
	CTAP1 Protocol = 1 // U2F: an ISO 7816-4 APDU, answered by data and a status word
	CTAP2 Protocol = 2 // a command byte and CBOR, answered by a status byte and CBOR
)

// String returns the name of the protocol, "CTAP1" or "CTAP2".
func (p Protocol) String() string {
	switch p {
	case CTAP1:
		return "CTAP1"
	case CTAP2:
		return "CTAP2"
	}
	return "unknown protocol"
}

// KeepaliveStatus is what an authenticator says while it works on a command
// (§11.2.9.2.1).
type KeepaliveStatus byte

// The values of a [KeepaliveStatus].
const (
	KeepaliveProcessing KeepaliveStatus = 1 // still at work
	KeepaliveUPNeeded   KeepaliveStatus = 2 // waiting for the user
)

// A Request is one whole CTAP message, as some transport delivered it.
type Request struct {
	Protocol  Protocol              // CTAP1 (an APDU) or CTAP2 (command byte and CBOR)
	Transport string                // "usb", "nfc", "smart-card": as in authenticatorGetInfo
	Source    uint64                // the link that asked: one per Serve loop
	Channel   uint32                // who is asking; getNext… sequences are bound to (Source, Channel)
	Data      []byte                // owned by the Handler until it returns
	Notify    func(KeepaliveStatus) // never nil; cheap, and safe to call until Handle returns
}

// A Handler executes CTAP messages. It is the narrow waist of softkey: every
// transport ends in one, and tracing, fault injection and the authenticator
// itself are Handlers.
//
// Handle blocks while the user is asked. It returns soon after ctx is done, and
// answers any input, however broken, with a status, never with a panic. The
// answer belongs to the caller. Handle may be called from several goroutines.
type Handler interface {
	Handle(ctx context.Context, req *Request) (resp []byte)
}
