//go:build e2e && linux

package node_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/device"
)

// atNode returns the key at the hidraw node.
func atNode(t *testing.T) *client.Device {
	t.Helper()
	transport, err := client.OpenHIDRaw(os.Getenv("E2E_NODE"))
	if err != nil {
		t.Fatal(err)
	}
	return open(t, transport)
}

// atLoopback returns another key, in this process.
func atLoopback(t *testing.T) *client.Device {
	t.Helper()
	profile, _ := authenticator.ProfileByName(authenticator.DefaultProfile)
	d, err := device.New(device.Config{Profile: profile, Presence: authenticator.Approve{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return open(t, ctaphid.Loopback(d.Handler(), d.CTAPHID(1)))
}

func open(t *testing.T, transport ctaphid.Transport) *client.Device {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	key, err := client.Open(ctx, transport)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = key.Close() })
	return key
}

// note prints a line that test/e2e/run prints under its table.
func note(format string, args ...any) {
	fmt.Printf("note\t"+format+"\n", args...)
}
