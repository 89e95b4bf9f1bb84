// Package keystore keeps what an authenticator must not forget: credentials,
// the signature counter, the device key and its settings.
//
// A credential lives in one of two places. A discoverable credential is a record
// in the [Store]. Any other is its own key handle: the private key, wrapped with
// AES-256-GCM under the device key, which the relying party keeps for us, unless it
// is too long for that.
//
// A Store is dumb on purpose: six methods of a [Tx], on a file ([Bolt]), on a part
// of a file ([Shared]) or in memory ([Memory]). All that has a meaning is written
// once above it, as functions of a Tx, and lies in these buckets:
//
//	device       counts, signature counter, USB serial         ┐ kept by [Reset]
//	attestation  keys and certificates, by name                ┘
//	settings     device key, policy, fingerprints, counts     ┐
//	credentials  the records by sequence number                │ erased by [Reset]
//	index        accounts, IDs and relying parties of them     │
//	handles      key handles too long for sites, by their ID   ┘
//
// What those functions return belongs to the caller; only the slices of a Tx
// itself end with the transaction.
package keystore
