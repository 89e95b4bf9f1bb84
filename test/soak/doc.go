// Soak uses the real program for a while as a busy day would, and judges what it
// does to itself meanwhile.
//
//	go run ./test/soak -for 10m
//
// It runs `softkey run` on a Unix socket, on TCP and on UDP at once, with a
// control interface for the user's finger. Clients on all three register, sign,
// change PINs, manage credentials and large blobs, cancel, go away in the middle
// of a report, send garbage, replug and reset the key, in an order that a seed
// gives. Each answer is checked: signatures are verified, no counter repeats or
// falls, a refusal is the one that was provoked.
//
// Every minute all clients pause, and a line says what the process holds. At the
// end comes a table of operations and latencies, and a verdict: exit code 1 where
// an answer was wrong or a gate of gates.go is exceeded. Runs of less than ten
// minutes do not judge memory and threads. It needs Linux, for /proc.
package main
