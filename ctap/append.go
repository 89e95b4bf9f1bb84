package ctap

import (
	"bytes"
	"encoding/binary"
	"math"
)

// An Appender writes itself in CTAP2 canonical CBOR, by hand: what comes with
// each registration and each login does. It appends to b what [Marshal] would
// otherwise make of its fields and their tags, and the tests hold it to that.
type Appender interface {
	AppendCBOR(b []byte) ([]byte, error)
}

// Append appends v in CTAP2 canonical CBOR (§8) to b.
func Append(b []byte, v any) ([]byte, error) {
	if a, ok := v.(Appender); ok {
		return a.AppendCBOR(b)
	}
	buf := bytes.NewBuffer(b)
	if err := codec.enc.MarshalToBuffer(v, buf); err != nil {
		return b, err
	}
	return buf.Bytes(), nil
}

// AppendInt appends an integer to b.
func AppendInt(b []byte, n int64) []byte {
	if n < 0 {
		return appendHead(b, majorNegInt, uint64(-1-n))
	}
	return appendHead(b, majorUint, uint64(n))
}

// AppendBytes appends a byte string to b; null, as [Marshal] does, if s is nil.
func AppendBytes(b, s []byte) []byte {
	if s == nil {
		return append(b, simpleNull)
	}
	return append(appendHead(b, majorBytes, uint64(len(s))), s...)
}

// AppendText appends text to b.
func AppendText(b []byte, s string) []byte {
	return append(appendHead(b, majorText, uint64(len(s))), s...)
}

// AppendArray appends to b the head of an array; its n elements are to follow.
func AppendArray(b []byte, n int) []byte { return appendHead(b, majorArray, uint64(n)) }

// AppendMap appends to b the head of a map; its n members are to follow, each a
// key and a value, in the order of §8.
func AppendMap(b []byte, n int) []byte { return appendHead(b, majorMap, uint64(n)) }

// appendList appends an array of what appends itself.
func appendList[T any, P interface {
	*T
	append(b []byte) []byte
}](b []byte, list []T) []byte {
	b = AppendArray(b, len(list))
	for i := range list {
		b = P(&list[i]).append(b)
	}
	return b
}

// appendHead appends the initial byte of an item and its argument in the
// shortest form.
func appendHead(b []byte, major byte, arg uint64) []byte {
	major <<= 5
	switch {
	case arg < 24:
		return append(b, major|byte(arg))
	case arg <= math.MaxUint8:
		return append(b, major|24, byte(arg))
	case arg <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, major|25), uint16(arg))
	case arg <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(b, major|26), uint32(arg))
	default:
		return binary.BigEndian.AppendUint64(append(b, major|27), arg)
	}
}

// A mapWriter appends a map of which it is not known before how many members it
// has. Its head is one byte, which counts them: no map of a message has 24.
type mapWriter struct {
	b    []byte
	head int   // where in b the head is
	err  error // the first value that could not be encoded
}

func newMapWriter(b []byte) mapWriter { return mapWriter{b: AppendMap(b, 0), head: len(b)} }

// number begins a member whose key is a number: its value is to follow.
func (w *mapWriter) number(key uint64) {
	w.b[w.head]++
	w.unsigned(key)
}

// name begins a member whose key is text.
func (w *mapWriter) name(key string) {
	w.b[w.head]++
	w.text(key)
}

func (w *mapWriter) unsigned(n uint64) { w.b = appendHead(w.b, majorUint, n) }
func (w *mapWriter) bytes(s []byte)    { w.b = AppendBytes(w.b, s) }
func (w *mapWriter) text(s string)     { w.b = AppendText(w.b, s) }

func (w *mapWriter) flag(on bool) {
	if on {
		w.b = append(w.b, simpleTrue)
		return
	}
	w.b = append(w.b, simpleFalse)
}

// value writes any value.
func (w *mapWriter) value(v any) {
	if w.err == nil {
		w.b, w.err = Append(w.b, v)
	}
}

// pinUvAuth writes the members param and, under the next number, protocol, which
// are there if not nil.
func (w *mapWriter) pinUvAuth(key uint64, param Bytes, protocol *uint64) {
	if param != nil {
		w.number(key)
		w.bytes(param)
	}
	if protocol != nil {
		w.number(key + 1)
		w.unsigned(*protocol)
	}
}

// usualRequest is how many bytes most requests of a registration or a login fit.
const usualRequest = 256
