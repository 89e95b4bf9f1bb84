package ctaphid

import "fmt"

// Command is what a message asks for or answers (§11.2.9), without the bit 7
// that marks it in a frame.
type Command byte

// The commands of CTAPHID.
const (
	CommandPing      Command = 0x01 // echo
	CommandMsg       Command = 0x03 // a CTAP1 message
	CommandLock      Command = 0x04 // keep the device for one channel
	CommandInit      Command = 0x06 // allocate or resynchronise a channel
	CommandWink      Command = 0x08 // show which device this is
	CommandCBOR      Command = 0x10 // a CTAP2 message
	CommandCancel    Command = 0x11 // give up the CTAP2 message, never answered
	CommandKeepalive Command = 0x3B // device to host: still at work
	CommandError     Command = 0x3F // device to host: an [Error]
)

// String returns the name of the command, such as "CTAPHID_PING".
func (c Command) String() string {
	switch c {
	case CommandPing:
		return "CTAPHID_PING"
	case CommandMsg:
		return "CTAPHID_MSG"
	case CommandLock:
		return "CTAPHID_LOCK"
	case CommandInit:
		return "CTAPHID_INIT"
	case CommandWink:
		return "CTAPHID_WINK"
	case CommandCBOR:
		return "CTAPHID_CBOR"
	case CommandCancel:
		return "CTAPHID_CANCEL"
	case CommandKeepalive:
		return "CTAPHID_KEEPALIVE"
	case CommandError:
		return "CTAPHID_ERROR"
	}
	return fmt.Sprintf("CTAPHID command 0x%02X", byte(c))
}

// Error is the code of a CTAPHID_ERROR response (§11.2.9.1.6).
type Error byte

// The errors of CTAPHID.
const (
	ErrInvalidCmd     Error = 0x01 // unknown command, or one that the device lacks
	ErrInvalidPar     Error = 0x02 // parameter out of range
	ErrInvalidLen     Error = 0x03 // length wrong for the command, or beyond MaxPayload
	ErrInvalidSeq     Error = 0x04 // frames out of sequence
	ErrMsgTimeout     Error = 0x05 // the rest of the message did not come
	ErrChannelBusy    Error = 0x06 // the device is at work for another channel
	ErrLockRequired   Error = 0x0A // the command needs a lock
	ErrInvalidChannel Error = 0x0B // channel 0, or a command that is not for broadcast
	ErrOther          Error = 0x7F // anything else
)

// Name returns the name that the specification gives the error, such as
// "ERR_CHANNEL_BUSY".
func (e Error) Name() string {
	switch e {
	case ErrInvalidCmd:
		return "ERR_INVALID_CMD"
	case ErrInvalidPar:
		return "ERR_INVALID_PAR"
	case ErrInvalidLen:
		return "ERR_INVALID_LEN"
	case ErrInvalidSeq:
		return "ERR_INVALID_SEQ"
	case ErrMsgTimeout:
		return "ERR_MSG_TIMEOUT"
	case ErrChannelBusy:
		return "ERR_CHANNEL_BUSY"
	case ErrLockRequired:
		return "ERR_LOCK_REQUIRED"
	case ErrInvalidChannel:
		return "ERR_INVALID_CHANNEL"
	case ErrOther:
		return "ERR_OTHER"
	}
	return "ERR_UNKNOWN"
}

// Error returns the name and the number of the error, such as
// "ERR_CHANNEL_BUSY (0x06)".
func (e Error) Error() string { return fmt.Sprintf("%s (0x%02X)", e.Name(), byte(e)) }
