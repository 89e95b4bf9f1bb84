package floor

import "encoding/binary"

// The answers, in CTAP2 canonical CBOR after the status byte 00. What they are
// made of is known, so that each is a few constants and what varies.

// appendBytes appends a byte string of 24 bytes or more.
func appendBytes(b, s []byte) []byte {
	if len(s) < 1<<8 {
		b = append(b, 0x58, byte(len(s)))
	} else {
		b = binary.BigEndian.AppendUint16(append(b, 0x59), uint16(len(s)))
	}
	return append(b, s...)
}

// appendCOSEKey appends {1: 2, 3: -7, -1: 1, -2: X, -3: Y}.
func appendCOSEKey(b, point []byte) []byte {
	b = append(b, 0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21)
	b = append(appendBytes(b, point[1:33]), 0x22)
	return appendBytes(b, point[33:])
}

// assertion is {1: {"id": handle, "type": "public-key"}, 2: authData, 3: sig}.
func assertion(c credential, authData, sig []byte) []byte {
	b := make([]byte, 0, 1+40+len(c.handle)+len(authData)+len(sig))
	b = append(b, 0x00, 0xa3, 0x01, 0xa2, 0x62, 'i', 'd')
	b = append(appendBytes(b, c.handle), "\x64type\x6apublic-key\x02"...)
	b = append(appendBytes(b, authData), 0x03)
	return appendBytes(b, sig)
}

// attestationObject is {1: "packed", 2: authData, 3: {"alg": -7, "sig": sig,
// "x5c": [certificate]}}.
func (f *Floor) attestationObject(authData, sig []byte) []byte {
	b := make([]byte, 0, 1+48+len(authData)+len(sig)+len(f.certificate))
	b = append(b, "\x00\xa3\x01\x66packed\x02"...)
	b = append(appendBytes(b, authData), "\x03\xa3\x63alg\x26\x63sig"...)
	b = append(appendBytes(b, sig), "\x63x5c\x81"...)
	return appendBytes(b, f.certificate)
}
