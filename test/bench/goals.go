package main

import "strings"

// kind says how a goal is judged.
type kind int

const (
	counted kind = iota // exact: judged always, and not measured again
	cpu                 // a ratio of processor times: judged always, and measured again before it fails
	machine             // wall time, memory and their kin: printed, and judged unless -short
)

// A goal is a figure that a benchmark reports, and how far it may go.
type goal struct {
	number    string
	what      string
	benchmark string // its name without "Benchmark"
	unit      string // of the metric
	kind      kind
	target    float64 // to be reached; 0: none
	gate      float64 // beyond it the run fails; 0: none
	atLeast   bool    // target and gate are from below
	floor     float64 // counted: less would be too good to be true
}

// blocks is how many signatures one commit of the counter pays for.
const blocks = 1024

// allGoals returns the goals, in the order of their numbers. 10, what a crash does
// to the counter, is shown by make crash; 21, other keys, is measured on demand.
// A short run has fewer credentials where it says 1M.
func allGoals(short bool) []goal {
	goals := []goal{
		{number: "1", what: "getAssertion / floor", benchmark: "GetAssertion", unit: "x-floor", kind: cpu, target: 1.15, gate: 1.25},
		{number: "1", what: "getAssertion, hedged / hedged floor", benchmark: "GetAssertionHedged", unit: "x-floor", kind: cpu, target: 1.15, gate: 1.25},
		{number: "1", what: "this floor / one that reuses its key object", benchmark: "Floor", unit: "x-floor", kind: cpu},
		{number: "2", what: "makeCredential, packed / floor", benchmark: "MakeCredential", unit: "x-floor", kind: cpu, target: 1.15, gate: 1.25},
		{number: "3", what: "U2F register / floor", benchmark: "U2FRegister", unit: "x-floor", kind: cpu, target: 1.12, gate: 1.20},
		{number: "3", what: "U2F authenticate / floor", benchmark: "U2FAuthenticate", unit: "x-floor", kind: cpu, target: 1.12, gate: 1.20},
		{number: "4", what: "getAssertion with hmac-secret / floor", benchmark: "HMACSecret", unit: "x-floor", kind: cpu, target: 1.10, gate: 1.20},
		{number: "4", what: "PIN token / floor", benchmark: "PINToken", unit: "x-floor", kind: cpu, target: 1.10, gate: 1.20},
		{number: "5", what: "getAssertion EdDSA / hedged floor of ES256", benchmark: "EdDSABesideHedged", unit: "x-floor", kind: cpu, target: 0.90, gate: 1.0},
		{number: "5", what: "getAssertion EdDSA / floor of ES256", benchmark: "GetAssertionEdDSA", unit: "x-floor", kind: cpu},
		{number: "5", what: "getAssertion EdDSA / its own floor", benchmark: "GetAssertionEd25519", unit: "x-floor", kind: cpu},
		{number: "6", what: "allowList of 20 / of 1", benchmark: "AllowList", unit: "x-floor", kind: cpu, target: 1.15, gate: 1.25},
		{number: "7", what: "getAssertion: allocations", benchmark: "Heap", unit: "allocs", kind: counted, target: 85, gate: 95},
		{number: "7", what: "getAssertion: bytes allocated", benchmark: "Heap", unit: "heap-B", kind: counted, target: 8000, gate: 9000},
		{number: "8", what: "commits of 1024 getAssertions", benchmark: "Commits/GetAssertion", unit: "commits", kind: counted, floor: 1, target: 1, gate: 1},
		{number: "8", what: "commits of 1024 makeCredentials", benchmark: "Commits/MakeCredential", unit: "commits", kind: counted, target: 1, gate: 1},
		{number: "8", what: "commits of a resident makeCredential", benchmark: "Commits/Resident", unit: "commits", kind: counted, floor: 1, target: 1, gate: 1},
		{number: "8", what: "commits of a wrong PIN after a right one", benchmark: "Commits/WrongPIN", unit: "first", kind: counted, target: 1, gate: 1},
		{number: "8", what: "commits of a wrong PIN after a wrong one", benchmark: "Commits/WrongPIN", unit: "second", kind: counted, floor: 1, target: 1, gate: 1},
		{number: "8", what: "commits of a right PIN", benchmark: "Commits/RightPIN", unit: "commits", kind: counted},
		{number: "9", what: "counter on disk / in memory", benchmark: "DurableCounter", unit: "x-floor", kind: cpu, target: 1.05, gate: 1.10},
		{number: "11", what: "resident makeCredential, wall / floor", benchmark: "Resident", unit: "x-wall", kind: machine, target: 1.3, gate: 1.6},
		{number: "11", what: "resident makeCredential, CPU / floor", benchmark: "Resident", unit: "x-floor", kind: cpu},
		{number: "12", what: "discoverable getAssertion, 1M / 1k", benchmark: "Scale/Assertion/1M", unit: "x-floor", kind: cpu, target: 1.10, gate: 1.20},
		{number: "13", what: "open of 1M to first assertion, warm", benchmark: "Scale/Open/1M", unit: "warm-ms", kind: machine, target: 5, gate: 20},
		{number: "13", what: "open of 1M to first assertion, cold", benchmark: "Scale/Open/1M", unit: "cold-ms", kind: machine, target: 10, gate: 20},
		{number: "13", what: "anonymous memory, 1M more than 1k", benchmark: "Scale/Memory/1M", unit: "growth-MB", kind: machine, target: 4, gate: 8},
		{number: "14", what: "bytes of the store for a credential, 1M", benchmark: "Scale/Size/1M", unit: "stored-B", kind: counted, target: 500, gate: 650},
		{number: "14", what: "… before it was compacted", benchmark: "Scale/Size/1M", unit: "grown-B", kind: counted},
		{number: "14", what: "enumerateRPs of 100k", benchmark: "Scale/RPs/100k", unit: "begin-ms", kind: machine, target: 10, gate: 50},
		{number: "15", what: "10k authenticators: heap of an idle one", benchmark: "Many/Load", unit: "heap-B", kind: counted, target: 2000, gate: 4000},
		{number: "15", what: "10k authenticators: goroutines", benchmark: "Many/Load", unit: "goroutines", kind: counted, target: 1, gate: 8},
		{number: "15", what: "10k authenticators: all loaded", benchmark: "Many/Load", unit: "load-ms", kind: machine, target: 50, gate: 150},
		{number: "15", what: "getAssertion, one of 10k / the same", benchmark: "Many/Assertion", unit: "x-floor", kind: cpu, target: 1.15, gate: 1.25},
		{number: "16", what: "two clients at once / one", benchmark: "Parallel", unit: "speedup", kind: machine, target: 1.7, atLeast: true},
		{number: "16", what: "… / the same of bare signatures", benchmark: "Parallel", unit: "x-sign", kind: machine, gate: 0.9, atLeast: true},
		{number: "16", what: "4096 clients / 16", benchmark: "Many/Clients", unit: "x-floor", kind: cpu, target: 1 / 0.9, gate: 1 / 0.8},
		{number: "17", what: "4096 clients of one key in turn / 1", benchmark: "Channels/InTurn", unit: "x-floor", kind: cpu, target: 1 / 0.75, gate: 1 / 0.6},
		{number: "17", what: "4096 clients of one key at once / 1", benchmark: "Channels/AtOnce", unit: "x-floor", kind: cpu},
		{number: "17", what: "INIT with 10k channels / with 1", benchmark: "INIT", unit: "x-floor", kind: cpu, gate: 5},
		{number: "17", what: "INIT with 10k channels", benchmark: "INIT", unit: "init-µs", kind: machine, target: 2},
		{number: "18", what: "ping of 300 bytes / frames", benchmark: "Ping", unit: "x-floor", kind: cpu, target: 4, gate: 8},
		{number: "19", what: "exec to INIT / hello, CPU", benchmark: "Process/Start", unit: "x-floor", kind: cpu, target: 2.5, gate: 3.5},
		{number: "19", what: "exec to INIT / hello, wall", benchmark: "Process/Start", unit: "x-wall", kind: machine, target: 2.5, gate: 3.5},
		{number: "19", what: "exec to INIT, 1M / empty, CPU", benchmark: "Scale/Start/1M", unit: "x-floor", kind: cpu, target: 1.1, gate: 1.25},
		{number: "20", what: "idle daemon: RSS", benchmark: "Process/Idle", unit: "rss-MB", kind: machine, target: 10, gate: 14},
		{number: "20", what: "idle daemon: anonymous memory", benchmark: "Process/Idle", unit: "anon-MB", kind: machine, target: 2.5, gate: 4},
	}
	for i := range goals {
		g := &goals[i]
		g.what, g.benchmark = scaled(g.what, short), scaled(g.benchmark, short)
	}
	return goals
}

// The sizes of stores, by name. The last is what a goal says 1M for.
var (
	longSizes  = []storeSize{{"1k", 1_000}, {"10k", 10_000}, {"200k", 200_000}, {"1M", 1_000_000}}
	shortSizes = []storeSize{{"1k", 1_000}, {"200k", 200_000}}
)

type storeSize struct {
	name        string
	credentials int
}

// storeSizes returns the sizes that a run measures.
func storeSizes(short bool) []storeSize {
	if short {
		return shortSizes
	}
	return longSizes
}

// scaled puts the largest size of a run in the place of 1M.
func scaled(name string, short bool) string {
	sizes := storeSizes(short)
	return strings.ReplaceAll(name, "1M", sizes[len(sizes)-1].name)
}
