// Package control lets a program be the hand on a virtual key: touch it, refuse,
// unplug it, plug it in again, and see what it asks. It is a small HTTP
// interface, for tests that script a user:
//
//	POST /v1/touch    agree to what the key asks; ?wait=2s waits for it to ask
//	POST /v1/refuse   decline it, likewise
//	POST /v1/unplug   the key is gone from its buses
//	POST /v1/plug     it is back, powered up anew
//	GET  /v1/state    is it plugged in, what does it ask
//
// Whoever reaches the interface has the finger: it belongs on a Unix socket or
// on loopback.
package control
