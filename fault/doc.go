// Package fault breaks a key on purpose, in ways that can be told beforehand
// and repeated: a disk that is full at the third write, a report that is lost,
// an answer with a byte too many. It is for tests of clients, servers and of
// softkey itself; a key with faults is not for real accounts.
//
// A [Plan] is a seed and a list of rules. [New] makes an [Injector] of it, which
// wraps what a key is made of, in three layers:
//
//	transport   reports between host and key        ctaphid.Transport, net.Listener
//	handler     messages and their answers          ctap.Handler
//	store       what the key keeps                  keystore.Store
//
// Nothing but these interfaces is touched, so the code between them is the code
// that runs without faults. The same plan strikes the same events: whatever is
// random comes from the seed, and each rule draws from a stream of its own.
//
// A rule is written as a kind and its arguments, such as
//
//	put-fails:at=3,error=ENOSPC
//
// and in JSON as {"kind": "put-fails", "at": 3, "error": "ENOSPC"}. [Kinds] is
// the table of what there is; docs/faults.md is made from it.
package fault
