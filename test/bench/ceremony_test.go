package main

import (
	"testing"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/device"
	"github.com/softkey-project/softkey/test/bench/floor"
)

// operations is how often a ceremony runs in a round: some 20 ms of it.
const operations = 400

// newFloor returns the floor of a key.
func (k *key) newFloor() *floor.Floor { return floor.New(len(k.certificate().Raw), pinHash()) }

// onHashes is an operation of the floor on a hash that is another one each time.
func onHashes(operation func(hash []byte) []byte) task {
	r := newRequest(make([]byte, 32), make([]byte, 32))
	return each(func() { operation(r.next()) })
}

func BenchmarkGetAssertion(b *testing.B) {
	k := durableKey(b)
	a := k.assertions(cose.ES256, credentials)
	compare(b, operations, each(func() { a.next() }), onHashes(k.newFloor().GetAssertion))
	a.check()
}

// BenchmarkFloor holds the floor against one that makes no key object for each
// signature.
func BenchmarkFloor(b *testing.B) {
	f := durableKey(b).newFloor()
	compare(b, operations, onHashes(f.GetAssertion), onHashes(f.Reusing().GetAssertion))
}

// BenchmarkGetAssertionHedged signs with randomness, as its floor does.
func BenchmarkGetAssertionHedged(b *testing.B) {
	profile, _ := authenticator.ProfileByName(authenticator.DefaultProfile)
	profile.Signatures = authenticator.SignaturesHedged
	k := newKey(b, device.Config{Dir: b.TempDir(), Profile: profile})
	a := k.assertions(cose.ES256, credentials)
	compare(b, operations, each(func() { a.next() }), onHashes(k.newFloor().GetAssertionHedged))
	a.check()
}

// BenchmarkGetAssertionEdDSA has the floor of ES256: that of Ed25519 is lower.
func BenchmarkGetAssertionEdDSA(b *testing.B) {
	k := durableKey(b)
	a := k.assertions(cose.EdDSA, credentials)
	compare(b, operations, each(func() { a.next() }), onHashes(k.newFloor().GetAssertion))
	a.check()
}

// BenchmarkEdDSABesideHedged is the same beside the hedged floor of ES256.
func BenchmarkEdDSABesideHedged(b *testing.B) {
	k := durableKey(b)
	a := k.assertions(cose.EdDSA, credentials)
	compare(b, operations, each(func() { a.next() }), onHashes(k.newFloor().GetAssertionHedged))
	a.check()
}

// BenchmarkGetAssertionEd25519 is the same beside its own floor.
func BenchmarkGetAssertionEd25519(b *testing.B) {
	k := durableKey(b)
	a := k.assertions(cose.EdDSA, credentials)
	compare(b, operations, each(func() { a.next() }), onHashes(k.newFloor().GetAssertionEdDSA))
	a.check()
}

// BenchmarkAllowList has an allowList whose last of twenty is the key's, beside
// one that has this alone.
func BenchmarkAllowList(b *testing.B) {
	k := durableKey(b)
	others := newKey(b, device.Config{}).register(cose.ES256, 19)
	long, short := k.assertions(cose.ES256, credentials, others...), k.assertions(cose.ES256, credentials)
	compare(b, operations, each(func() { long.next() }), each(func() { short.next() }))
	long.check()
}

// BenchmarkDurableCounter has a signature counter on the disk, beside one in
// memory. Each round pays for a block of the counter.
func BenchmarkDurableCounter(b *testing.B) {
	durable := durableKey(b).assertions(cose.ES256, credentials)
	memory := newKey(b, device.Config{}).assertions(cose.ES256, credentials)
	compareRounds(b, 1, blocks, each(func() { durable.next() }), each(func() { memory.next() }))
}

func BenchmarkMakeCredential(b *testing.B) {
	k := durableKey(b)
	req := newCredential(cose.ES256, false)
	compare(b, operations, each(func() { k.ctap2(req.next()) }), onHashes(k.newFloor().MakeCredential))
	k.checkCredential(req)
}

func BenchmarkU2FRegister(b *testing.B) {
	k := durableKey(b)
	f := k.newFloor()
	application := [32]byte{1}
	apdu := ctap.U2FRegisterRequest{Challenge: [32]byte(someHash), Application: application}.APDU().Append(nil)
	req := newRequest(apdu, someHash)
	compare(b, operations, each(func() { k.u2f(req.next()) }),
		onHashes(func(challenge []byte) []byte { return f.Register(application[:], challenge) }))
	k.checkU2FRegistration(req, application)
}

func BenchmarkU2FAuthenticate(b *testing.B) {
	k := durableKey(b)
	all := k.register(cose.ES256, credentials)
	var requests []*request
	for _, c := range all {
		requests = append(requests, newRequest(ctap.U2FAuthenticateRequest{
			Control: ctap.U2FEnforceAndSign, Challenge: [32]byte(someHash), Application: rpIDHash, KeyHandle: c.ID,
		}.APDU().Append(nil), someHash))
	}
	n := 0
	compare(b, operations, each(func() { n++; k.u2f(requests[n%credentials].next()) }), onHashes(k.newFloor().Authenticate))
	k.checkU2FAuthentication(requests[0], all[0])
}
