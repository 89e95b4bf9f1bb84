// Package authenticator is the policy of softkey: what a security key answers.
//
// An [Authenticator] is a [ctap.Handler]. It knows no transport, no file and no
// network; what it needs of the world is in its [Config]. One call runs like
// this:
//
//	Handle ── one at a time ──▶ U2F: the APDU (u2f.go)
//	                     └────▶ CTAP2: the command table (commands.go)
//	                              ▶ its steps (cmd_….go), named after the specification's
//	                                  ▶ Presence.Confirm, while the host gets keepalives
//	                                  ▶ keystore: the credential, the counter
//	                                  ▶ attestation, signature (sign.go)
//	                              ▶ CBOR, or the status of the error
//
// A new command is a file and a line in the table, a new profile a line in
// profiles.go. Section numbers are those of CTAP 2.3.
package authenticator
