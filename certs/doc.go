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
//	          ├── Soft Device     AAGUID b with a serial number: enterprise
//	          ├── Soft Device     no AAGUID: U2F
//	          ├── (no name)       the key of a leaf again, as a TPM's AIK
//	          └── Soft Device …   one for each credential: android-key, apple
//
// A [CA] of the user's may stand in the root's place, with or without others
// above it. A leaf is never its own root: relying parties refuse that. The
// signers of metadata have a root apart: see [NewMetadataRoot].
//
// All keys of ours but those that sign metadata are on P-256 and all signatures
// of certificates follow RFC 6979, so that everything random comes from the
// reader a function is given: equal bytes give equal certificates.
package certs
