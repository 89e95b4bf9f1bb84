package desktop

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/softkey-project/softkey/authenticator"
)

// setUpLimit is how long the bus, and the server that it may have to start, may
// take before a question is put in another way.
const setUpLimit = 5 * time.Second

// errMute is the reason when that was too long.
var errMute = errors.New("the session bus, or the notification server on it, does not answer")

// Notifications asks by a notification with two buttons.
type Notifications struct {
	Address string        // of the session bus, see [SessionBus]; empty: there is none
	Words   Words         // puts the prompt in words
	Limit   time.Duration // until the server is given up; 0: five seconds
}

// SessionBus returns the address of the user's bus, by the environment; "" if
// there is none.
func SessionBus(getenv func(string) string) string {
	if address := getenv("DBUS_SESSION_BUS_ADDRESS"); address != "" {
		return address
	}
	if dir := getenv("XDG_RUNTIME_DIR"); dir != "" {
		return "unix:path=" + dbus.EscapeBusAddressValue(dir+"/bus")
	}
	return ""
}

// String returns "notifications".
func (Notifications) String() string { return "notifications" }

// Check implements [Way].
func (n Notifications) Check(ctx context.Context) error {
	s, err := n.open(ctx)
	if err != nil {
		return unavailable(ctx, n, err)
	}
	return s.close()
}

// Confirm implements [Way]. A notification that is dismissed is a refusal; one
// that goes away by itself leaves a question that nobody can answer.
func (n Notifications) Confirm(ctx context.Context, p authenticator.Prompt) error {
	s, err := n.open(ctx)
	if err != nil {
		return unavailable(ctx, n, err)
	}
	defer s.close()
	id, err := s.show(ctx, n.Words(p), p.Timeout)
	if err != nil {
		return unavailable(ctx, n, err)
	}
	defer s.withdraw(id)
	switch answer, err := s.await(ctx, id); {
	case err != nil:
		return unavailable(ctx, n, err)
	case answer == nobody:
		return authenticator.Ignore(ctx, p)
	default:
		return answer.err()
	}
}

// open connects to the notification server, which the bus starts if it must.
func (n Notifications) open(ctx context.Context) (*server, error) {
	if n.Address == "" {
		return nil, errors.New("there is no session bus")
	}
	// The connection outlives ctx, to withdraw the question; only while it is
	// being made, the end of ctx is its own.
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	ctx, cancel := context.WithTimeoutCause(ctx, cmp.Or(n.Limit, setUpLimit), errMute)
	defer cancel()
	let := context.AfterFunc(ctx, end)
	s, err := connect(ctx, life, n.Address)
	let()
	if ctx.Err() != nil {
		err = errors.Join(context.Cause(ctx), s.close())
	}
	if err != nil {
		end()
		return nil, err
	}
	return s, nil
}

// connect connects to the bus for as long as life lasts, and before the end of
// ctx finds the notification server there.
func connect(ctx, life context.Context, address string) (*server, error) {
	conn, err := dbus.Connect(address, dbus.WithContext(life), dbus.WithSignalHandler(dbus.NewSequentialSignalHandler()))
	if err != nil {
		return nil, fmt.Errorf("session bus: %w", err)
	}
	s := &server{conn: conn, signals: make(chan *dbus.Signal)}
	if err := s.meet(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("notification server: %w", err), s.close())
	}
	return s, nil
}
