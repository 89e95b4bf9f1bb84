package desktop

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// The names of the Desktop Notifications Specification 1.2, §9.
const (
	notificationService = "org.freedesktop.Notifications"
	notificationPath    = dbus.ObjectPath("/org/freedesktop/Notifications")
	signalAction        = notificationService + ".ActionInvoked"
	signalClosed        = notificationService + ".NotificationClosed"
)

// server is a connection to the notification server.
type server struct {
	conn    *dbus.Conn
	owner   string // its name on this bus, which no other program can have
	markup  bool   // bodies are markup
	signals chan *dbus.Signal
}

// close closes the connection; a server that is nil has none.
func (s *server) close() error {
	if s == nil {
		return nil
	}
	return s.conn.Close()
}

// meet finds the server, and out whether it can do what is needed.
func (s *server) meet(ctx context.Context) error {
	var can []string
	service := s.conn.Object(notificationService, notificationPath)
	if err := service.CallWithContext(ctx, notificationService+".GetCapabilities", 0).Store(&can); err != nil {
		return err
	}
	for _, needed := range []string{"actions", "body"} {
		if !slices.Contains(can, needed) {
			return fmt.Errorf("it has no %s", needed)
		}
	}
	s.markup = slices.Contains(can, "body-markup")
	if err := s.conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.GetNameOwner", 0, notificationService).Store(&s.owner); err != nil {
		return err
	}
	s.conn.Signal(s.signals)
	return s.conn.AddMatchSignalContext(ctx, dbus.WithMatchSender(s.owner), dbus.WithMatchInterface(notificationService))
}

// The keys of the buttons. There is no "default", so that a click beside them
// agrees to nothing.
const (
	keyApprove = "approve"
	keyDeny    = "deny"
)

const urgencyCritical byte = 2 // it stays until it is answered or withdrawn

// lateReply is how long the server is waited for when nobody waits for an answer
// any more: only a question that has a number can be withdrawn.
const lateReply = 500 * time.Millisecond

// show puts a question up, and returns its number.
func (s *server) show(ctx context.Context, q Question, timeout time.Duration) (id uint32, err error) {
	body := q.Body
	if s.markup {
		body = escapeMarkup(body)
	}
	actions := []string{keyApprove, "Approve", keyDeny, "Deny"}
	hints := map[string]dbus.Variant{"urgency": dbus.MakeVariant(urgencyCritical)}
	call := s.object().Go(notificationService+".Notify", 0, make(chan *dbus.Call, 1),
		"softkey", uint32(0), "dialog-password", q.Title, body, actions, hints, int32(min(timeout.Milliseconds(), math.MaxInt32)))
	select {
	case <-call.Done:
		err = call.Store(&id)
		return id, err
	case <-ctx.Done():
	}
	select {
	case <-call.Done:
		err = call.Store(&id)
		return id, err
	case <-time.After(lateReply):
		return 0, context.Cause(ctx)
	}
}

func (s *server) object() dbus.BusObject { return s.conn.Object(s.owner, notificationPath) }

// escapeMarkup makes plain text of what would be markup.
func escapeMarkup(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}

// withdraw takes a question away, if it is still there. It waits for the reply,
// since what is on its way when a connection is closed may be lost.
func (s *server) withdraw(id uint32) {
	ctx, cancel := context.WithTimeout(context.Background(), lateReply)
	defer cancel()
	s.object().CallWithContext(ctx, notificationService+".CloseNotification", 0, id)
}

// await waits for the answer to a question. It fails when the bus goes away.
func (s *server) await(ctx context.Context, id uint32) (answer, error) {
	for {
		select {
		case signal, open := <-s.signals:
			if !open {
				return nobody, errors.New("the session bus has gone")
			}
			if answer, is := s.answer(signal, id); is {
				return answer, nil
			}
		case <-ctx.Done():
			return nobody, context.Cause(ctx)
		}
	}
}

// dismissed is the reason of NotificationClosed that the user has done it.
const dismissed = 2

// answer reads a signal. It is none where another program has sent it, or it is
// about another question, or it says nothing that we know.
func (s *server) answer(signal *dbus.Signal, id uint32) (a answer, is bool) {
	var about, why uint32
	var key string
	if signal.Sender != s.owner {
		return nobody, false
	}
	switch signal.Name {
	case signalAction:
		if dbus.Store(signal.Body, &about, &key) != nil || about != id {
			return nobody, false
		}
		a, is = map[string]answer{keyApprove: approved, keyDeny: refused}[key]
		return a, is
	case signalClosed:
		if dbus.Store(signal.Body, &about, &why) != nil || about != id {
			return nobody, false
		}
		if why == dismissed {
			return refused, true
		}
		return nobody, true
	}
	return nobody, false
}
