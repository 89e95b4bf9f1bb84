// Package u2fjson is a U2F client without a browser: it takes the request JSON
// of a relying party, asks a key, and returns the response JSON.
//
// Servers write that JSON in four dialects. The shape of the request tells them
// apart, and the response has the shape that the same server reads:
//
//	A  {version, challenge, app_id, sessionId, key_handle}      u2flib-server 1.0
//	B  {version, challenge, appId, keyHandle}                   most libraries, LinOTP, privacyIDEA
//	C  {registerRequests: [B…], authenticateRequests: [B…]}     JavaScript API 1.0: a challenge for each key
//	D  {appId, challenge, registerRequests, registeredKeys}     JavaScript API 1.1: one for all
//
// Whatever the dialect, the challenge goes into the client data as the string
// that it came as, and a key handle comes back as the string that it came as but
// for padding: servers compare both as strings.
//
// Beside them stands the one fixed form of the program u2f-host 1.1.10, byte for
// byte, with its error numbers: [HostRegister] and [HostAuthenticate].
package u2fjson
