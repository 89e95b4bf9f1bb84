package main

import (
	"log/slog"
	"math/rand/v2"
	"slices"

	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/fault"
)

// faultFlags say what goes wrong with a key on purpose.
type faultFlags struct {
	rules []string
	seed  uint64
}

func (o *faultFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&o.rules, "fault", nil, "break the key by the `RULE`, such as put-fails:bucket=credentials,error=ENOSPC: for tests; may be repeated (docs/faults.md)")
	f.Uint64Var(&o.seed, "fault-seed", 0, "repeat what is random in --fault: the seed `N` that a run told (default a new one)")
	completeLater(cmd, "fault", faultKinds)
}

func faultKinds() (names []string) {
	for _, k := range fault.Kinds() {
		names = append(names, k.Name)
	}
	return names
}

// plan reads the flags, before anything is done.
func (o *faultFlags) plan(addresses []address) (p fault.Plan, err error) {
	if o.seed != 0 && len(o.rules) == 0 {
		return p, hint(usagef("--fault-seed without --fault"), "say what is to go wrong: --fault RULE")
	}
	for _, text := range o.rules {
		r, err := fault.ParseRule(text)
		if err != nil {
			return p, badFault(err)
		}
		p.Rules = append(p.Rules, r)
	}
	in, err := fault.New(p, nil)
	if err != nil {
		return p, badFault(err)
	}
	isUDP := func(a address) bool { return a.transport == "udp" }
	if in.Has(fault.LayerTransport) && slices.ContainsFunc(addresses, isUDP) {
		return p, hint(usagef("--fault: reports are not broken on udp"), "use another transport: unix, tcp or uhid")
	}
	if p.Seed = o.seed; p.Seed == 0 {
		p.Seed = rand.Uint64() // #nosec G404 -- it is printed, so that the faults can be repeated
	}
	return p, nil
}

func badFault(err error) error {
	return hint(usagef("--fault: %w", err), "docs/faults.md lists the kinds and their arguments")
}

// openFaults returns what makes the faults of a plan, nil for none.
func openFaults(p fault.Plan, log *slog.Logger) (*fault.Injector, error) {
	if len(p.Rules) == 0 {
		return nil, nil
	}
	log.Warn("--fault: this key breaks on purpose", "fault-seed", p.Seed)
	return fault.New(p, log)
}
