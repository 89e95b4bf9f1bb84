package main

import (
	"context"
	"math/rand/v2"
	"slices"
)

// operations are what clients do, and how often. Those of weight 0 come with the
// samples: they cost much time, or forget what clients know.
var operations = []*operation{
	{name: "ping", weight: 200, run: ping},
	{name: "wink", weight: 10, run: wink},
	{name: "lock and release", weight: 10, run: lock},
	{name: "getInfo", weight: 60, run: getInfo},
	{name: "makeCredential", weight: 120, run: register},
	{name: "  excluded", weight: 20, run: registerAgain},
	{name: "  refused", weight: 20, run: refused},
	{name: "  cancelled", weight: 20, run: cancelled},
	{name: "getAssertion", weight: 240, run: signAny},
	{name: "  silent", weight: 60, run: signSilently},
	{name: "  of no credential", weight: 20, run: signUnknown},
	{name: "U2F register", weight: 20, alone: true, run: registerU2F},
	{name: "U2F authenticate", weight: 40, alone: true, run: signU2F},
	{name: "U2F check", weight: 40, run: checkU2F},
	{name: "gone after some reports", weight: 30, run: leave},
	{name: "garbage", weight: 30, run: garbage},
	{name: "token and makeCredential", weight: 40, alone: true, run: registerDiscoverable},
	{name: "token and getAssertion", weight: 30, alone: true, run: signVerified},
	{name: "getNextAssertion", weight: 20, alone: true, run: signAll},
	{name: "wrong PIN, then right", weight: 10, alone: true, run: wrongPIN},
	{name: "change of the PIN", weight: 10, alone: true, run: changePIN},
	{name: "credential management", weight: 15, alone: true, run: manage},
	{name: "large blobs", weight: 15, alone: true, run: blobs},
	{name: "no touch", weight: 0, alone: true, run: untouched},
	{name: "replug", weight: 2, alone: true, run: replug},
	{name: "replug and reset", weight: 0, alone: true, run: reset},
}

// together are those that clients may do at the same time.
var together = slices.DeleteFunc(slices.Clone(operations), func(op *operation) bool { return op.alone })

// operationNamed returns the operation of that name, of which there is one.
func operationNamed(name string) *operation {
	return operations[slices.IndexFunc(operations, func(op *operation) bool { return op.name == name })]
}

// choose returns one of list, by weight.
func choose(r *rand.Rand, list []*operation) *operation {
	total := 0
	for _, op := range list {
		total += op.weight
	}
	n := r.IntN(total)
	for _, op := range list {
		if n -= op.weight; n < 0 {
			return op
		}
	}
	return list[0] // not reached: the weights add up to total
}

func ping(ctx context.Context, c *caller) error {
	data := make([]byte, c.rand.IntN(1000))
	for i := range data {
		data[i] = byte(c.rand.Uint32())
	}
	return c.device.Ping(ctx, data)
}

func wink(ctx context.Context, c *caller) error { return c.device.Wink(ctx) }

func getInfo(ctx context.Context, c *caller) error {
	_, err := c.device.GetInfo(ctx)
	return err
}
