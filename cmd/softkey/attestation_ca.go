package main

import (
	"fmt"
	"time"

	"github.com/softkey-project/softkey/certs"
)

// loadCA reads the CA of the user's that issues attestation certificates; nil
// where none is given.
func loadCA(certificates, privateKey string) (*certs.CA, error) {
	switch {
	case certificates == "" && privateKey == "":
		return nil, nil
	case certificates == "" || privateKey == "":
		return nil, usagef("--attestation-ca and --attestation-ca-key go together")
	}
	chain, err := readFile(certificates)
	if err != nil {
		return nil, fmt.Errorf("attestation CA: %w", err)
	}
	key, err := readFile(privateKey)
	if err != nil {
		return nil, fmt.Errorf("attestation CA: %w", err)
	}
	ca, err := certs.ParseCA(chain, key, time.Now())
	if err != nil {
		return nil, hint(fmt.Errorf("attestation CA: %w", err),
			"%s begins with the CA's certificate and ends with a root; %s is its key, not encrypted", certificates, privateKey)
	}
	return ca, nil
}
