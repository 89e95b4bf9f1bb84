// Package attestation makes attestation statements: what a security key says
// about itself when it makes a credential (WebAuthn §6.5, §8). Who vouches for
// the key is the business of package certs; the two meet in an [Attester].
//
// Each statement format is a file and a line in a table. [Choose] picks one as
// authenticatorMakeCredential prescribes; its Statement method signs.
//
// What the maker of a key tells relying parties beforehand is here too:
// [Metadata] of a model, and the signed [BLOB] that a metadata service has of
// many.
package attestation
