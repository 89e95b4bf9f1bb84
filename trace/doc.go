// Package trace writes down what a key is asked and what it answers, for people
// to read: each message decoded, with names for numbers, and between them the
// reasons that the key logs.
//
// A trace is text. An entry is a line that begins with the time and the number
// of the message it belongs to, followed by indented lines with what the
// message says:
//
//	2026-03-01T09:30:00.000000Z #1 > usb source 1 channel 00000002 CTAP2 authenticatorGetAssertion, 78 bytes
//	    {1 / rpId /: "example.com",
//	     2 / clientDataHash /: h'…'}
//	2026-03-01T09:30:00.000100Z #1 = UPNEEDED
//	2026-03-01T09:30:02.000000Z #1 ! level=DEBUG msg=refused reason="…"
//	2026-03-01T09:30:02.000100Z #1 < CTAP2_ERR_OPERATION_DENIED (0x27) after 2.0001s
//
// The marks are: > a request, = a keepalive that says something new, ! a line
// of the log, < the answer. Whatever a host sends, no control character reaches
// the text.
package trace
