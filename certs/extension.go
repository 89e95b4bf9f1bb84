package certs

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
)

// An extensionValue is an extension before its value is encoded.
type extensionValue struct {
	oid   asn1.ObjectIdentifier
	value any
}

// marshalExtensions returns the extensions, none of them critical.
func marshalExtensions(values ...extensionValue) ([]pkix.Extension, error) {
	var list []pkix.Extension
	for _, v := range values {
		der, err := asn1.Marshal(v.value)
		if err != nil {
			return nil, fmt.Errorf("certs: extension %v: %w", v.oid, err)
		}
		list = append(list, pkix.Extension{Id: v.oid, Value: der})
	}
	return list, nil
}
