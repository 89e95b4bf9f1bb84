// Package crash holds no code but tests: a key on a state directory is killed,
// as by kill -9, and must lose nothing that it has acknowledged.
//
// TestKill kills a `softkey run` at random points while a client registers and
// signs in. The sweeps kill one in the middle of each operation that could leave
// a mixture behind: TestReports after each CTAPHID report that goes over the
// socket, TestCommits at each write to the store and each commit.
//
// The short form is 15 random kills, and of the sweeps the ends of messages and
// the commits. SOFTKEY_CRASH_ROUNDS asks for more random kills, and for the
// whole of the sweeps. SOFTKEY names the program to test; without it cmd/softkey
// is built.
package crash
