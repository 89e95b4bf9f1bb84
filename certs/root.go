package certs

import (
	"crypto/x509"
	"fmt"
	"io"
)

// NewRoot makes a root certificate that may sign leaves and nothing else. Its
// common name holds the beginning of its key identifier, since two roots with
// one name confuse whoever has to trust both.
//
// Everything random comes from random; nil is crypto/rand.Reader.
func NewRoot(random io.Reader) (*Identity, error) {
	return makeRoot("softkey %X Root CA", 0, random)
}

// makeRoot makes a root for a chain with that many CAs between it and the end.
func makeRoot(commonName string, below int, random io.Reader) (*Identity, error) {
	d, err := newDraft(random)
	if err != nil {
		return nil, err
	}
	if err := d.makeCA(fmt.Sprintf(commonName, d.template.SubjectKeyId[:4]), below); err != nil {
		return nil, err
	}
	return d.selfSigned()
}

// makeCA makes the draft that of a CA.
func (d *draft) makeCA(commonName string, below int) (err error) {
	t := d.template
	t.IsCA = true
	t.MaxPathLen, t.MaxPathLenZero = below, below == 0
	t.KeyUsage = x509.KeyUsageCertSign
	t.RawSubject, err = subject("", commonName)
	return err
}
