// Package interop proves softkey against software that its authors did not
// write: here the relying-party library go-webauthn, in the folders beside it
// programs in other languages. `./run` runs them all.
//
// It is a module of its own, so that those libraries are no dependencies of
// softkey. SOFTKEY names the program to test; without it cmd/softkey is built.
package interop
