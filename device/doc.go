// Package device makes a whole security key of its parts: a profile, a store,
// attestation certificates of its own, the user's presence.
//
// It opens what lives in a state directory and knows how CTAPHID is to present
// the key. How the key is plugged in is not its business: a [Device] is a
// [ctap.Handler] for any transport.
package device
