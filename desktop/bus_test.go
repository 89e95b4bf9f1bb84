package desktop

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/softkey-project/softkey/test/socketdir"
)

// The names of connections to a bus: of the notification server, and of another
// program.
const (
	serverName   = ":1.1"
	strangerName = ":1.66"
)

// bus is a message bus with a notification server on it, at a Unix socket. It
// speaks the protocol of D-Bus to one program after another, and stands still
// between the messages that it gets.
type bus struct {
	t       *testing.T
	address string

	capabilities []string                            // nil: there is no server
	mute         bool                                // it takes calls, and does not answer
	shown        func(c *connection, n notification) // what becomes of a notification

	mu        sync.Mutex
	notes     []notification
	withdrawn []uint32
	closed    chan struct{} // has a token for each notification that was withdrawn
}

// notification is what Notify was called with, and the number that it got.
type notification struct {
	id             uint32
	title, body    string
	actions        []string
	urgency        byte
	timeoutSeconds int32
}

// newBus starts a bus; change, if not nil, changes it before. What it has noted may
// be read after awaitWithdrawal.
func newBus(t *testing.T, shown func(*connection, notification), change func(*bus)) *bus {
	t.Helper()
	ln, err := net.Listen("unix", filepath.Join(socketdir.New(t), "s"))
	if err != nil {
		t.Fatal(err)
	}
	b := &bus{
		t: t, address: "unix:path=" + ln.Addr().String(), shown: shown,
		capabilities: []string{"actions", "body", "body-markup"}, closed: make(chan struct{}, 10),
	}
	if change != nil {
		change(b)
	}
	var serving sync.WaitGroup
	serving.Go(func() { b.accept(ln) })
	t.Cleanup(func() {
		ln.Close()
		serving.Wait()
	})
	return b
}

// accept serves the programs that come, until ln is closed and they have left.
func (b *bus) accept(ln net.Listener) {
	var serving sync.WaitGroup
	defer serving.Wait()
	for {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		serving.Go(func() {
			defer conn.Close()
			b.serve(&connection{bus: b, conn: conn, in: bufio.NewReader(conn)})
		})
	}
}

// connection is a program on the bus.
type connection struct {
	bus    *bus
	conn   net.Conn
	in     *bufio.Reader
	serial uint32
}

// serve answers a program until it leaves.
func (b *bus) serve(c *connection) {
	if err := c.authenticate(); err != nil {
		b.t.Errorf("authentication: %v", err)
		return
	}
	for {
		message, err := dbus.DecodeMessage(c.in)
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.As(err, new(*net.OpError)) {
				b.t.Errorf("bus: %v", err)
			}
			return // it has left
		}
		b.handle(c, message)
	}
}

// authenticate is the server's side of SASL EXTERNAL, as the D-Bus Specification
// has it.
func (c *connection) authenticate() error {
	if _, err := c.in.ReadByte(); err != nil {
		return err
	}
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			return err
		}
		reply := "ERROR"
		switch command := strings.Fields(line); {
		case len(command) == 1 && command[0] == "BEGIN":
			return nil
		case len(command) == 1 && command[0] == "AUTH":
			reply = "REJECTED EXTERNAL"
		case len(command) > 1 && command[0] == "AUTH", command[0] == "DATA":
			reply = "OK 0123456789abcdef0123456789abcdef"
		}
		if _, err := io.WriteString(c.conn, reply+"\r\n"); err != nil {
			return err
		}
	}
}

// handle answers a call.
func (b *bus) handle(c *connection, m *dbus.Message) {
	member, _ := m.Headers[dbus.FieldMember].Value().(string)
	to, _ := m.Headers[dbus.FieldDestination].Value().(string)
	switch {
	case member == "Hello":
		c.reply(m, "org.freedesktop.DBus", ":1.7")
	case member == "AddMatch":
		c.reply(m, "org.freedesktop.DBus")
	case b.mute:
	case b.capabilities == nil:
		c.fail(m, "org.freedesktop.DBus.Error.ServiceUnknown")
	case member == "GetNameOwner":
		c.reply(m, "org.freedesktop.DBus", serverName)
	case member == "GetCapabilities":
		c.reply(m, serverName, b.capabilities)
	case member == "Notify" && to == serverName:
		n := b.note(m.Body)
		c.reply(m, serverName, n.id)
		b.shown(c, n)
	case member == "CloseNotification" && to == serverName:
		b.withdraw(m.Body)
		c.reply(m, serverName)
	default:
		b.t.Errorf("call of %s at %s", member, to)
	}
}

func (b *bus) note(body []any) notification {
	b.mu.Lock()
	defer b.mu.Unlock()
	var app, icon string
	var replaces uint32
	var hints map[string]dbus.Variant
	n := notification{id: 41 + uint32(len(b.notes))}
	if err := dbus.Store(body, &app, &replaces, &icon, &n.title, &n.body, &n.actions, &hints, &n.timeoutSeconds); err != nil {
		b.t.Errorf("Notify: %v", err)
	}
	n.timeoutSeconds /= 1000
	n.urgency, _ = hints["urgency"].Value().(byte)
	b.notes = append(b.notes, n)
	return n
}

func (b *bus) withdraw(body []any) {
	var id uint32
	if err := dbus.Store(body, &id); err != nil {
		b.t.Errorf("CloseNotification: %v", err)
	}
	b.mu.Lock()
	b.withdrawn = append(b.withdrawn, id)
	b.mu.Unlock()
	b.closed <- struct{}{}
}

func (c *connection) reply(to *dbus.Message, sender string, body ...any) {
	c.send(dbus.TypeMethodReply, sender, map[dbus.HeaderField]dbus.Variant{dbus.FieldReplySerial: dbus.MakeVariant(to.Serial())}, body...)
}

func (c *connection) fail(to *dbus.Message, name string) {
	c.send(dbus.TypeError, "org.freedesktop.DBus", map[dbus.HeaderField]dbus.Variant{
		dbus.FieldReplySerial: dbus.MakeVariant(to.Serial()), dbus.FieldErrorName: dbus.MakeVariant(name),
	}, "nobody has that name")
}

// signal sends a signal of the notification interface in the name of sender.
func (c *connection) signal(sender, member string, body ...any) {
	c.send(dbus.TypeSignal, sender, map[dbus.HeaderField]dbus.Variant{
		dbus.FieldPath: dbus.MakeVariant(notificationPath), dbus.FieldInterface: dbus.MakeVariant(notificationService), dbus.FieldMember: dbus.MakeVariant(member),
	}, body...)
}

// send sends a message. The serial number is made as a library would, which lets
// none be chosen: it is put where the header has it.
func (c *connection) send(kind dbus.Type, sender string, headers map[dbus.HeaderField]dbus.Variant, body ...any) {
	headers[dbus.FieldSender] = dbus.MakeVariant(sender)
	if len(body) > 0 {
		headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(body...))
	}
	var encoded strings.Builder
	m := dbus.Message{Type: kind, Headers: headers, Body: body}
	if err := m.EncodeTo(&encoded, binary.LittleEndian); err != nil {
		c.bus.t.Errorf("bus: %v", err)
		return
	}
	const serialAt = 8
	c.serial++
	message := []byte(encoded.String())
	binary.LittleEndian.PutUint32(message[serialAt:], c.serial)
	c.conn.Write(message) // the program may have left
}

// path returns where the socket is.
func (b *bus) path() string { return strings.TrimPrefix(b.address, "unix:path=") }

// notifications returns a Way that uses the bus.
func (b *bus) notifications() Notifications { return Notifications{Address: b.address, Words: words} }

// patience is far more than anything here takes.
const patience = time.Minute

// awaitWithdrawal waits until a notification was withdrawn.
func (b *bus) awaitWithdrawal() {
	b.t.Helper()
	select {
	case <-b.closed:
	case <-time.After(patience):
		b.t.Fatal("nothing was withdrawn")
	}
}
