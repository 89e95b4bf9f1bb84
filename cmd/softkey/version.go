package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/device"
)

// version says which softkey this is.
type version struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	Commit  string `json:"commit,omitempty"`   // of the sources, where the build knows it
	Changed bool   `json:"modified,omitempty"` // the sources differ from that
}

func newVersion(p *program) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE:  func(*cobra.Command, []string) error { return p.printVersion(asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (p *program) printVersion(asJSON bool) error {
	v := thisVersion(debug.ReadBuildInfo())
	if asJSON {
		return printJSON(p.stdout, v)
	}
	_, err := fmt.Fprintln(p.stdout, v)
	return err
}

func thisVersion(info *debug.BuildInfo, ok bool) version {
	v := version{
		Version: fmt.Sprintf("%d.%d.%d", device.VersionMajor, device.VersionMinor, device.VersionBuild),
		Go:      runtime.Version(),
	}
	if !ok {
		return v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.modified":
			v.Changed = s.Value == "true"
		}
	}
	return v
}

func (v version) String() string {
	s := fmt.Sprintf("softkey %s, %s", v.Version, v.Go)
	if v.Commit != "" {
		s += ", commit " + v.Commit
	}
	if v.Changed {
		s += " with changes"
	}
	return s
}
