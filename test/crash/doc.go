// Package crash holds no code but tests: a key on a state directory is killed,
// as by kill -9, or its disk fails, and it must lose nothing that it has
// acknowledged. `make crash` runs all of it and prints a table of what was tried.
//
//	kill at random       a `softkey run` whose client does what comes to its mind
//	kill at commits      at each write to the store and each commit of an operation
//	kill at reports      after each CTAPHID report of an operation
//	faults of the store  each read, write and commit of an operation fails once
//	a loss is noticed    by the checks of the above, if there is one
//	torn writes          of a commit, some sectors never reached the disk
//	damage               the file is cut, overwritten, or has bits flipped
//	damage, large        the same, of one that is not counted when it is opened
//	files refused        of other programs, of a newer softkey, cut
//	disk                 full, read-only
//	clock                a key that comes up before the time at which it was made
//
// TestCrash is the short form; it is part of `make test`. SOFTKEY_CRASH_ROUNDS
// asks for so many kills at random and for more of the rest in proportion, and
// with 1000 or more for the whole of the sweeps. SOFTKEY_CRASH_SEED repeats what
// was random in a run, as far as time allows: a key that is killed after so many
// microseconds is not always at the same point. SOFTKEY names the program to
// test; without it cmd/softkey is built.
package crash
