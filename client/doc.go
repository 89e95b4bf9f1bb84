// Package client is the platform's end of CTAP: a method for each command of a
// security key, over any [ctaphid.Transport].
//
// It asks and reports; what to ask is decided above it, by client/webauthn and
// client/u2fjson, which are browserless clients. It knows no authenticator but
// by its answers: an error is the [ctap.Status], the [ctap.SW] or the
// [ctaphid.Error] that the key gave, wrapped with the name of the command, or
// the cause of a context that ended first. What a key does not offer at all is
// [errors.ErrUnsupported].
//
// What only a verified user may do takes a [Token], which [Device.PINToken] and
// [Device.UVToken] get from the key.
package client
