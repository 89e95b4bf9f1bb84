// Package test holds the tests that no single package can hold: who may import
// whom, that every package says what it is, and, in folders of their own, the
// fixture for other people's tests and the proofs against software that we did
// not write.
package test
