package fault

import (
	"fmt"
	"strings"
)

// A Layer is what a kind of fault breaks.
type Layer string

// The layers, from the host to the disk.
const (
	LayerTransport Layer = "transport"
	LayerHandler   Layer = "handler"
	LayerStore     Layer = "store"
)

// A Kind is a way of going wrong.
type Kind struct {
	Name      string
	Layer     Layer
	Arguments []Argument // all that a rule may have
	What      string     // happens to the event that is struck
	Shows     string     // what can be seen with it of the one who meets it

	frame   frameFault // of LayerTransport
	message message    // of LayerHandler
	store   storeFault // of LayerStore
}

func kindByName(name string) (*Kind, error) {
	var all []string
	for _, k := range Kinds() {
		if k.Name == name {
			return &k, nil
		}
		all = append(all, k.Name)
	}
	return nil, fmt.Errorf("fault: there is no kind %q, but %s", name, strings.Join(all, ", "))
}

// with returns the arguments that every kind has, after some more.
func with(more ...Argument) []Argument { return append(more, argAt, argTimes, argChance) }

// always is with for a kind that strikes again and again if it is not told how
// often.
func always(more ...Argument) []Argument { return append(more, argAt, argTimes.by("0"), argChance) }

// Kinds returns the table of kinds, by layers: a kind is a function and a line
// here. It is made when somebody asks for it, since most keys never fail on purpose.
func Kinds() []Kind {
	return []Kind{
		{
			Name: "drop", Layer: LayerTransport, Arguments: with(argFrom, argHID), frame: frameFault{bend: drop},
			What: "the report is lost", Shows: "time limits, on both ends",
		},
		{
			Name: "duplicate", Layer: LayerTransport, Arguments: with(argFrom, argHID), frame: frameFault{bend: duplicate},
			What: "the report comes twice", Shows: "how sequence numbers are checked",
		},
		{
			Name: "reorder", Layer: LayerTransport, Arguments: with(argFrom, argHID), frame: frameFault{bend: reorder},
			What: "the report comes after the next one of its sender", Shows: "how sequence numbers are checked",
		},
		{
			Name: "delay", Layer: LayerTransport, Arguments: with(argFrom, argHID, argWait), frame: frameFault{bend: delay},
			What: "the report, and those behind it, come later", Shows: "patience",
		},
		{
			Name: "damage", Layer: LayerTransport, Arguments: with(argFrom, argHID, argBits), frame: frameFault{bend: damage},
			What: "bits of the report are flipped, at random", Shows: "that nothing is believed unread",
		},
		{
			Name: "truncate", Layer: LayerTransport, Arguments: with(argFrom, argHID), frame: frameFault{bend: truncate},
			What: "the report is lost, and what is left of its message", Shows: "what half a message leaves behind",
		},
		{
			Name: "wrong-channel", Layer: LayerTransport, Arguments: with(argFrom, argHID), frame: frameFault{bend: wrongChannel},
			What: "the report is of another channel, at random", Shows: "that channels are kept apart",
		},
		{
			Name: "no-keepalive", Layer: LayerTransport, Arguments: always(), frame: frameFault{about: isKeepalive, bend: drop},
			What: "the device's keepalives are lost", Shows: "whether a host waits for a silent key",
		},
		{
			Name: "disconnect", Layer: LayerTransport, Arguments: with(argFrom, argHID), frame: frameFault{bend: disconnect},
			What: "the report is lost, and the connection with it", Shows: "what becomes of a command whose key is gone",
		},
		{
			Name: "status", Layer: LayerHandler, Arguments: with(argCommand, argStatus, argRun), message: message{ctap2, status},
			What: "a CTAP2 command is answered by a status byte alone", Shows: "what a client makes of an error, and of one that is a lie (run=yes)",
		},
		{
			Name: "status-word", Layer: LayerHandler, Arguments: with(argWord, argRun), message: message{u2f, statusWord},
			What: "a U2F message is answered by a status word alone", Shows: "the same, in U2F",
		},
		{
			Name: "cut-answer", Layer: LayerHandler, Arguments: with(argCommand, argBytes), message: message{both, cutAnswer},
			What: "the answer lacks bytes at its end", Shows: "that a decoder minds the end",
		},
		{
			Name: "trailing-bytes", Layer: LayerHandler, Arguments: with(argCommand, argBytes), message: message{both, trailingBytes},
			What: "the answer has bytes after its end, at random", Shows: "that a decoder minds the end",
		},
		{
			Name: "non-canonical", Layer: LayerHandler, Arguments: with(argCommand, argForm), message: message{ctap2, nonCanonicalAnswer},
			What: "the map of the answer is not in CTAP2 canonical CBOR", Shows: "how strict a client is",
		},
		{
			Name: "late", Layer: LayerHandler, Arguments: with(argCommand, argWait), message: message{both, late},
			What: "the command begins later", Shows: "keepalives, patience and cancelling",
		},
		{
			Name: "hang", Layer: LayerHandler, Arguments: with(argCommand), message: message{both, hang},
			What: "there is no answer until the command is cancelled", Shows: "time limits and cancelling",
		},
		{
			Name: "read-fails", Layer: LayerStore, Arguments: with(argError), store: storeFault{on: onView},
			What: "a read fails before it begins", Shows: "that no answer is made up",
		},
		{
			Name: "read-only", Layer: LayerStore, Arguments: always(argError.by("EROFS")), store: storeFault{on: onUpdate},
			What: "no write begins", Shows: "what a key does with what it cannot keep",
		},
		{
			Name: "put-fails", Layer: LayerStore, Arguments: with(argError, argBucket), store: storeFault{on: onPut},
			What: "a value is not written, and its transaction is rolled back", Shows: "that a change is made as a whole, or not",
		},
		{
			Name: "delete-fails", Layer: LayerStore, Arguments: with(argError, argBucket), store: storeFault{on: onDelete},
			What: "a key is not deleted, and its transaction is rolled back", Shows: "the same",
		},
		{
			Name: "commit-fails", Layer: LayerStore, Arguments: with(argError), store: storeFault{on: onCommit, fails: true},
			What: "all is written, and rolled back in the end", Shows: "that nothing is answered before it is kept",
		},
		{
			Name: "commit-torn", Layer: LayerStore, Arguments: with(argError), store: storeFault{on: onCommit, fails: true, keeps: true},
			What: "all is written and kept, but the store says that it failed", Shows: "that memory and disk do not drift apart",
		},
		{
			Name: "commit-lost", Layer: LayerStore, Arguments: with(), store: storeFault{on: onCommit},
			What: "the store says that all is kept, and forgets it", Shows: "that a test of crashes would see a loss",
		},
	}
}
