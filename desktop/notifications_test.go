package desktop

import (
	"context"
	"errors"
	"math"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/test/socketdir"
)

func TestNotificationAnswers(t *testing.T) {
	tests := []struct {
		name  string
		shown func(c *connection, n notification)
		want  error
	}{
		{"approved", func(c *connection, n notification) { c.signal(serverName, "ActionInvoked", n.id, "approve") }, nil},
		{"denied", func(c *connection, n notification) { c.signal(serverName, "ActionInvoked", n.id, "deny") }, ctap.StatusOperationDenied},
		{"dismissed", func(c *connection, n notification) { c.signal(serverName, "NotificationClosed", n.id, uint32(2)) }, ctap.StatusOperationDenied},
		{"closed after the answer", func(c *connection, n notification) {
			c.signal(serverName, "ActionInvoked", n.id, "approve")
			c.signal(serverName, "NotificationClosed", n.id, uint32(2))
		}, nil},
		{"another program says yes", func(c *connection, n notification) {
			c.signal(strangerName, "ActionInvoked", n.id, "approve")
			c.signal(serverName, "ActionInvoked", n.id, "deny")
		}, ctap.StatusOperationDenied},
		{"another program says that it is closed", func(c *connection, n notification) {
			c.signal(strangerName, "NotificationClosed", n.id, uint32(2))
			c.signal(serverName, "ActionInvoked", n.id, "approve")
		}, nil},
		{"about another notification", func(c *connection, n notification) {
			c.signal(serverName, "ActionInvoked", n.id+1, "approve")
			c.signal(serverName, "NotificationClosed", n.id+1, uint32(2))
			c.signal(serverName, "ActionInvoked", n.id, "deny")
		}, ctap.StatusOperationDenied},
		{"a button that is none of ours", func(c *connection, n notification) {
			c.signal(serverName, "ActionInvoked", n.id, "default")
			c.signal(serverName, "ActionInvoked", n.id, "deny")
		}, ctap.StatusOperationDenied},
		{"signals that are none", func(c *connection, n notification) {
			c.signal(serverName, "ActionInvoked", n.id)
			c.signal(serverName, "ActionInvoked", "approve", n.id)
			c.signal(serverName, "NotificationClosed", "dismissed")
			c.signal(serverName, "ActivationToken", n.id, "approve")
			c.signal(serverName, "ActionInvoked", n.id, "deny")
		}, ctap.StatusOperationDenied},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBus(t, tt.shown, nil)
			if err := b.notifications().Confirm(t.Context(), prompt); !errors.Is(err, tt.want) {
				t.Errorf("Confirm = %v, want %v", err, tt.want)
			}
			b.awaitWithdrawal() // whatever the server does by itself
		})
	}
}

func TestNotificationText(t *testing.T) {
	tests := []struct {
		name         string
		capabilities []string
		timeout      time.Duration
		body         string
		seconds      int32
	}{
		{"markup", []string{"body", "actions", "body-markup"}, time.Minute, "site example.com\naccount &lt;b&gt;ada &amp; co&lt;/b&gt;", 60},
		{"plain", []string{"body", "actions"}, time.Minute, question.Body, 60},
		{"longer than can be said", []string{"body", "actions"}, 1000 * time.Hour, question.Body, math.MaxInt32 / 1000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBus(t, func(c *connection, n notification) { c.signal(serverName, "ActionInvoked", n.id, "approve") },
				func(b *bus) { b.capabilities = tt.capabilities })
			p := prompt
			p.Timeout = tt.timeout
			if err := b.notifications().Confirm(t.Context(), p); err != nil {
				t.Fatal(err)
			}
			b.awaitWithdrawal()
			got := b.notes[0]
			if got.title != question.Title || got.body != tt.body || got.urgency != 2 || got.timeoutSeconds != tt.seconds ||
				!slices.Equal(got.actions, []string{"approve", "Approve", "deny", "Deny"}) {
				t.Errorf("got %+v, want %q and two buttons, urgent, for %d s", got, tt.body, tt.seconds)
			}
		})
	}
}

// A question that is withdrawn leaves the screen.
func TestNotificationWithdrawn(t *testing.T) {
	ctx, cancel := cancelled(t)
	b := newBus(t, func(*connection, notification) { cancel() }, nil)
	if err := b.notifications().Confirm(ctx, prompt); err != ctap.StatusKeepaliveCancel {
		t.Errorf("Confirm = %v, want %v", err, ctap.StatusKeepaliveCancel)
	}
	b.awaitWithdrawal()
	if want := []uint32{b.notes[0].id}; !slices.Equal(b.withdrawn, want) {
		t.Errorf("withdrawn: got %v, want %v", b.withdrawn, want)
	}
}

// A notification that has gone by itself is no answer: the key is not touched.
func TestNotificationExpires(t *testing.T) {
	for _, why := range []uint32{1, 3, 4} {
		b := newBus(t, func(c *connection, n notification) { c.signal(serverName, "NotificationClosed", n.id, why) }, nil)
		ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, ctap.StatusUserActionTimeout)
		defer cancel()
		if err := b.notifications().Confirm(ctx, prompt); err != ctap.StatusUserActionTimeout {
			t.Errorf("reason %d: Confirm = %v, want %v", why, err, ctap.StatusUserActionTimeout)
		}
	}
}

func TestNotificationsUnavailable(t *testing.T) {
	tests := []struct {
		name string
		bus  func(b *bus)           // nil: a good one
		way  func(n *Notifications) // nil: what finds it
		want string
	}{
		{"no bus", nil, func(n *Notifications) { n.Address = "" }, "there is no session bus"},
		{"nobody at the address", nil, func(n *Notifications) { n.Address += "x" }, "session bus: dial unix PATHx: connect: no such file or directory"},
		{"no address", nil, func(n *Notifications) { n.Address = "here" }, "session bus: dbus: invalid bus address (no transport)"},
		{"no server", func(b *bus) { b.capabilities = nil }, nil, "notification server: nobody has that name"},
		{"no buttons", func(b *bus) { b.capabilities = []string{"body"} }, nil, "notification server: it has no actions"},
		{"no text", func(b *bus) { b.capabilities = []string{"actions"} }, nil, "notification server: it has no body"},
		{"no answer", func(b *bus) { b.mute = true }, func(n *Notifications) { n.Limit = 10 * time.Millisecond }, errMute.Error()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBus(t, func(*connection, notification) { t.Error("a notification is shown") }, tt.bus)
			n := b.notifications()
			if tt.way != nil {
				tt.way(&n)
			}
			for call, err := range map[string]error{"Check": n.Check(t.Context()), "Confirm": n.Confirm(t.Context(), prompt)} {
				if !errors.Is(err, ErrUnavailable) || strings.ReplaceAll(err.Error(), b.path(), "PATH") != "notifications: "+tt.want {
					t.Errorf("%s = %q, want %q", call, err, tt.want)
				}
			}
		})
	}
}

func TestNotificationsAvailable(t *testing.T) {
	b := newBus(t, func(*connection, notification) { t.Error("a notification is shown") }, nil)
	if err := b.notifications().Check(t.Context()); err != nil {
		t.Errorf("Check = %v, want none", err)
	}
}

// A bus that goes away takes the question with it, which can be asked elsewhere.
func TestBusGoes(t *testing.T) {
	b := newBus(t, func(c *connection, _ notification) { c.conn.(*net.UnixConn).CloseWrite() }, nil)
	if err := b.notifications().Confirm(t.Context(), prompt); !errors.Is(err, ErrUnavailable) {
		t.Errorf("Confirm = %v, want %v", err, ErrUnavailable)
	}
}

// A bus that says nothing at all holds nobody up for longer than the prompt.
func TestBusSaysNothing(t *testing.T) {
	ln, err := net.Listen("unix", filepath.Join(socketdir.New(t), "s"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := cancelled(t)
	var accepting sync.WaitGroup
	accepting.Go(func() {
		conn, err := ln.Accept()
		cancel()
		if err == nil {
			defer conn.Close()
			conn.Read(make([]byte, 100))
		}
	})
	n := Notifications{Address: "unix:path=" + ln.Addr().String(), Words: words}
	if err := n.Confirm(ctx, prompt); err != ctap.StatusKeepaliveCancel {
		t.Errorf("Confirm = %v, want %v", err, ctap.StatusKeepaliveCancel)
	}
	ln.Close()
	accepting.Wait()
}

func TestSessionBus(t *testing.T) {
	tests := []struct {
		name string
		env  map[string]string
		want string
	}{
		{"address", map[string]string{"DBUS_SESSION_BUS_ADDRESS": "unix:path=/a", "XDG_RUNTIME_DIR": "/b"}, "unix:path=/a"},
		{"user's bus", map[string]string{"XDG_RUNTIME_DIR": "/run/user/1000"}, "unix:path=/run/user/1000/bus"},
		{"escaped", map[string]string{"XDG_RUNTIME_DIR": "/a b;"}, "unix:path=/a%20b%3b/bus"},
		{"none", nil, ""},
	}
	for _, tt := range tests {
		if got := SessionBus(func(name string) string { return tt.env[name] }); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
