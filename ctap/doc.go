// Package ctap is the vocabulary of softkey: the messages of the Client to
// Authenticator Protocol as Go types, and their bytes.
//
// It speaks CTAP1, which is U2F (APDUs), and CTAP2 (a command byte and a CBOR
// map). It decides nothing: what a security key answers is the business of
// package authenticator, how reports travel that of package ctaphid. Section
// numbers refer to CTAP 2.3, Proposed Standard of 2026-02-26, where nothing
// else is said; "U2F" is the FIDO U2F Raw Message Formats specification.
package ctap
