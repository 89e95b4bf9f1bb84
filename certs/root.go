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
	d, err := newDraft(random)
	if err != nil {
		return nil, err
	}
	t := d.template
	t.RawSubject, err = subject("", fmt.Sprintf("softkey %X Root CA", t.SubjectKeyId[:4]))
	if err != nil {
		return nil, err
	}
	t.IsCA = true
	t.MaxPathLenZero = true
	t.KeyUsage = x509.KeyUsageCertSign
	return d.signedBy(t, d.key)
}
