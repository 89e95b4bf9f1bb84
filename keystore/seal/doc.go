// Package seal encrypts what a [keystore.Store] holds, so that who copies the
// file has nothing without a secret that is kept elsewhere.
//
// Each value is encrypted under one random store key. The store key lies in the
// store as often as it has seals, each time encrypted under the key of a slot,
// which a [Keeper] keeps: a passphrase, the keyring of the kernel, a TPM. So
// seals come, go and change, and no credential does.
//
//	passphrase ── argon2id ──▶ slot key ─┐
//	kernel keyring ──────────▶ slot key ─┼─ AES-256-GCM ─▶ store key ─ AES-256-GCM ─▶ values
//	TPM 2 ── unseal ─────────▶ slot key ─┘
//
// Every value is encrypted but those of the bucket device: the serial number,
// the signature counter, and how often the key was started and reset. Keys are
// not: a thief learns how many credentials there are, and may try names of
// relying parties, whose hashes are keys of the index.
package seal
