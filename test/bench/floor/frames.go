package floor

import "encoding/binary"

const (
	reportSize = 64
	initHead   = 7 // channel, command, length
	contHead   = 5 // channel, sequence number
)

// Link cuts messages into the reports of CTAPHID and puts them together again.
type Link struct{ reports [][reportSize]byte }

// Pass returns a message of more than 57 bytes as it comes out at the other end.
func (l *Link) Pass(message []byte) []byte {
	l.cut(message)
	return l.join()
}

func (l *Link) cut(message []byte) {
	var r [reportSize]byte
	binary.BigEndian.PutUint32(r[:], 1)
	r[4] = 0x81
	binary.BigEndian.PutUint16(r[5:], uint16(len(message)))
	message = message[copy(r[initHead:], message):]
	l.reports = append(l.reports[:0], r)
	for sequence := byte(0); len(message) > 0; sequence++ {
		r = [reportSize]byte{3: 1, 4: sequence}
		message = message[copy(r[contHead:], message):]
		l.reports = append(l.reports, r)
	}
}

func (l *Link) join() []byte {
	size := int(binary.BigEndian.Uint16(l.reports[0][5:]))
	message := append(make([]byte, 0, size), l.reports[0][initHead:]...)
	for i := range l.reports[1:] {
		r := &l.reports[1+i]
		message = append(message, r[contHead:contHead+min(reportSize-contHead, size-len(message))]...)
	}
	return message
}
