// Package ctaphid is CTAPHID, the protocol by which CTAP messages travel in
// 64-byte HID reports: both of its ends, and ways to join them.
//
// The device's end is a state machine without goroutines, clocks or I/O. [Serve],
// [ServeStream] and [ServePacket] run it in a loop, over a [Transport], over the
// connections of a listener and over UDP; [Loopback] lets the host's calls drive
// it directly. A message that is complete goes to a [ctap.Handler], of whose
// meaning nothing is known here. The platform's end is [Host].
//
// Section numbers refer to CTAP 2.3, of which §11.2 is CTAPHID.
package ctaphid
