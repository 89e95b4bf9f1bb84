// Package certs makes X.509 certificates for security keys that do not exist.
// It says who vouches for a key; what is said is the business of package
// attestation.
//
// Each state directory has a root of its own, and one attestation leaf for
// each AAGUID (WebAuthn §8.2.1):
//
//	softkey 3F2A91C4 Root CA      self-signed, may sign leaves only
//	          │
//	          ├── Soft Device     AAGUID a: signs attestation statements
//	          ├── Soft Device     AAGUID b
//	          └── Soft Device     no AAGUID: U2F
//
// A leaf is never its own root: relying parties refuse that.
//
// All keys are on P-256 and all signatures of certificates follow RFC 6979, so
// that everything random comes from the reader a function is given: equal bytes
// give equal certificates.
package certs
