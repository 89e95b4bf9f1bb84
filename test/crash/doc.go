// Package crash holds no code but a test: a real `softkey run` on a state
// directory is killed at random points while a client registers and signs in,
// and must lose nothing that it has acknowledged.
//
// The test runs 15 rounds, about a thousand operations. SOFTKEY_CRASH_ROUNDS
// asks for more. SOFTKEY names the program to test; without it cmd/softkey is
// built.
package crash
