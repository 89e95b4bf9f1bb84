package ctaphid

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// A Report is what one HID report carries: a frame, padded with zeros
// (§11.2.4).
//
//	initialization  channel (4) || command with bit 7 set || length (2) || data (57)
//	continuation    channel (4) || sequence number 00..7F (1) || data (59)
type Report [64]byte

const (
	initData         = 64 - 7 // bytes of the message in its initialization frame
	continuationData = 64 - 5 // and in each continuation frame
	initFlag         = 0x80   // tells the two frames apart

	// MaxPayload is the length in bytes of the longest message: an
	// initialization frame and 128 continuation frames.
	MaxPayload = initData + 128*continuationData

	// Broadcast is the channel on which hosts ask for a channel of their own.
	Broadcast uint32 = 0xFFFFFFFF
)

// Channel returns the ID of the channel that the report belongs to.
func (r Report) Channel() uint32 { return binary.BigEndian.Uint32(r[:4]) }

// Starts tells whether r is an initialization frame, the first of a message.
func (r Report) Starts() bool { return r[4]&initFlag != 0 }

// Command returns the command of an initialization frame.
func (r Report) Command() Command { return Command(r[4] &^ initFlag) }

// Size returns the length of the message that an initialization frame
// announces. It can exceed [MaxPayload].
func (r Report) Size() int { return int(binary.BigEndian.Uint16(r[5:7])) }

// Sequence returns the sequence number of a continuation frame.
func (r Report) Sequence() byte { return r[4] }

// A Message is one CTAPHID request or response.
type Message struct {
	Channel uint32
	Command Command
	Payload []byte
}

// AppendReports appends the reports that carry m to dst. The payload must not
// be longer than [MaxPayload]; a longer one is a mistake of the program and
// panics.
func (m Message) AppendReports(dst []Report) []Report {
	if len(m.Payload) > MaxPayload {
		panic(fmt.Sprintf("ctaphid: a message of %d bytes", len(m.Payload)))
	}
	frames := 1 + max(0, len(m.Payload)-initData+continuationData-1)/continuationData
	dst = slices.Grow(dst, frames)[:len(dst)+frames]
	reports := dst[len(dst)-frames:]
	first := &reports[0]
	binary.BigEndian.PutUint32(first[:], m.Channel)
	first[4] = byte(m.Command) | initFlag
	binary.BigEndian.PutUint16(first[5:], uint16(len(m.Payload)))
	rest := first.fill(7, m.Payload)
	for seq := range reports[1:] {
		next := &reports[1+seq]
		binary.BigEndian.PutUint32(next[:], m.Channel)
		next[4] = byte(seq)
		rest = next.fill(5, rest)
	}
	return dst
}

// fill puts the beginning of data into the report, behind the head that ends at
// start, and returns the rest. What was in the report before is gone.
func (r *Report) fill(start int, data []byte) (rest []byte) {
	end := start + copy(r[start:], data)
	clear(r[end:])
	return data[end-start:]
}

// assembly is a message of which the first frames have arrived.
type assembly struct {
	Message      // the payload so far
	size    int  // of the whole payload
	next    byte // sequence number of the frame to come
}

// begin returns the message that the initialization frame r begins. Its payload
// overwrites buf, where there is room.
func begin(r *Report, buf []byte) assembly {
	size := r.Size()
	if cap(buf) < size {
		buf = make([]byte, 0, min(size, MaxPayload))
	}
	return assembly{
		Message: Message{r.Channel(), r.Command(), append(buf[:0], r[7:7+min(size, initData)]...)},
		size:    size,
	}
}

// add takes the next frame of the message; false means that r is not it.
func (a *assembly) add(r *Report) bool {
	if a.complete() || r.Sequence() != a.next {
		return false
	}
	a.next++
	a.Payload = append(a.Payload, r[5:5+min(a.size-len(a.Payload), continuationData)]...)
	return true
}

func (a *assembly) complete() bool { return len(a.Payload) == a.size }
