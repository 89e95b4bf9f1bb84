package bench

import (
	"context"
	"encoding/binary"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/device"
	"github.com/softkey-project/softkey/test/bench/floor"
)

const (
	rounds          = 15
	roundOperations = 60
)

// key is a device on a bbolt store, and a host on its loopback.
type key struct {
	b    *testing.B
	host *ctaphid.Host
	n    uint64
}

func newKey(b *testing.B) *key {
	b.Helper()
	profile, _ := authenticator.ProfileByName(authenticator.DefaultProfile)
	d, err := device.New(device.Config{
		Profile: profile, Dir: b.TempDir(), Presence: authenticator.Approve{},
	})
	if err != nil {
		b.Fatal(err)
	}
	host, err := ctaphid.Open(context.Background(), ctaphid.Loopback(d.Handler(), d.CTAPHID(1)))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = host.Close()
		_ = d.Close()
	})
	return &key{b: b, host: host}
}

func (k *key) transact(cmd ctaphid.Command, payload []byte) []byte {
	resp, err := k.host.Transact(context.Background(), cmd, payload, nil)
	if err != nil {
		k.b.Fatal(err)
	}
	return resp
}

func (k *key) ctap2(id ctap.Command, parameters any) []byte {
	resp := k.transact(ctaphid.CommandCBOR, append([]byte{byte(id)}, ctap.MustMarshal(parameters)...))
	if resp[0] != 0 {
		k.b.Fatalf("%v: %v", id, ctap.Status(resp[0]))
	}
	return resp[1:]
}

func (k *key) u2f(apdu ctap.CommandAPDU) []byte {
	data, err := ctap.ParseResponseAPDU(k.transact(ctaphid.CommandMsg, apdu.Append(nil)))
	if err != nil {
		k.b.Fatal(err)
	}
	return data
}

// hash is another one each time, so that nothing can be answered from memory.
func (k *key) hash() (h [32]byte) {
	k.n++
	binary.BigEndian.PutUint64(h[:], k.n)
	return h
}

func (k *key) makeCredential() []byte {
	h := k.hash()
	return k.ctap2(ctap.CommandMakeCredential, &ctap.MakeCredentialRequest{
		ClientDataHash:   h[:],
		RP:               &ctap.RelyingParty{ID: "example.com", Name: "Example"},
		User:             &ctap.User{ID: h[:8], Name: "ada", DisplayName: "Ada"},
		PubKeyCredParams: []ctap.CredentialParameters{{Algorithm: int64(cose.ES256), Type: ctap.PublicKey}},
	})
}

func (k *key) credential() []byte {
	var resp ctap.MakeCredentialResponse
	if err := ctap.Unmarshal(k.makeCredential(), &resp); err != nil {
		k.b.Fatal(err)
	}
	data, err := ctap.ParseAuthenticatorData(resp.AuthData)
	if err != nil {
		k.b.Fatal(err)
	}
	return data.Credential.ID
}

func BenchmarkMakeCredential(b *testing.B) {
	k, f := newKey(b), floor.New(600)
	compare(b, func() { k.makeCredential() }, func() { h := k.hash(); f.MakeCredential(h[:]) })
}

func BenchmarkGetAssertion(b *testing.B) {
	k, f := newKey(b), floor.New(600)
	id := k.credential()
	compare(b, func() {
		h := k.hash()
		k.ctap2(ctap.CommandGetAssertion, &ctap.GetAssertionRequest{
			RPID: "example.com", ClientDataHash: h[:],
			AllowList: []ctap.CredentialDescriptor{{ID: id, Type: ctap.PublicKey}},
		})
	}, func() { h := k.hash(); f.GetAssertion(h[:]) })
}

func BenchmarkU2FRegister(b *testing.B) {
	k, f := newKey(b), floor.New(600)
	compare(b, func() { k.u2f(ctap.U2FRegisterRequest{Challenge: k.hash(), Application: [32]byte{1}}.APDU()) },
		func() { h := k.hash(); f.Register(h[:]) })
}

func BenchmarkU2FAuthenticate(b *testing.B) {
	k, f := newKey(b), floor.New(600)
	data := k.u2f(ctap.U2FRegisterRequest{Challenge: k.hash(), Application: [32]byte{1}}.APDU())
	resp, err := ctap.ParseU2FRegisterResponse(data)
	if err != nil {
		b.Fatal(err)
	}
	compare(b, func() {
		k.u2f(ctap.U2FAuthenticateRequest{
			Control: ctap.U2FEnforceAndSign, Challenge: k.hash(), Application: [32]byte{1}, KeyHandle: resp.KeyHandle,
		}.APDU())
	}, func() { h := k.hash(); f.Authenticate(h[:]) })
}

// compare runs the key and the floor in turn and reports what one operation of
// the key costs, host included, and how many times the floor that is.
func compare(b *testing.B, operation, bare func()) {
	var ratios, costs, walls []float64
	for b.Loop() {
		ratios, costs, walls = nil, nil, nil
		for range rounds {
			start := time.Now()
			cost := cpu(operation)
			walls = append(walls, float64(time.Since(start).Nanoseconds())/roundOperations)
			ratios = append(ratios, cost/cpu(bare))
			costs = append(costs, cost)
		}
	}
	b.ReportMetric(median(ratios), "x-floor")
	b.ReportMetric(median(costs)/1000, "cpu-µs")
	b.ReportMetric(median(walls)/1000, "wall-µs")
	b.ReportMetric(testing.AllocsPerRun(roundOperations, operation), "key-allocs")
	b.ReportMetric(0, "ns/op") // the time of both together says nothing
}

// cpu returns the CPU time of an operation, in nanoseconds.
func cpu(operation func()) float64 {
	before := cpuTime()
	for range roundOperations {
		operation()
	}
	return float64(cpuTime()-before) / roundOperations
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
