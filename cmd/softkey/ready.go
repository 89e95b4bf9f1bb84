package main

import (
	"fmt"
	"io"
)

// ready is the event that a key can be used, by one transport. Its JSON form is
//
//	{"event":"ready","transport":"unix","address":"unix:/run/user/1000/softkey/hid.sock"}
//
// where a client finds the key at address.
type ready struct {
	Event     string `json:"event"`
	Transport string `json:"transport"`
	Address   string `json:"address"`

	text string // how it is told to people
}

// readyAt is the event of a transport whose clients use the address it has.
func readyAt(a address) ready {
	return ready{Event: "ready", Transport: a.transport, Address: a.String(), text: a.String()}
}

// print writes the line of the event.
func (r ready) print(out io.Writer, asJSON bool) error {
	if asJSON {
		return printJSONLine(out, r)
	}
	_, err := fmt.Fprintln(out, "ready", r.text)
	return err
}

// deviceFlag is what a client is to be told, so that it uses this key and no
// other; "" where it finds it by itself.
func (r ready) deviceFlag() string {
	if r.Address == (address{"unix", defaultSocket()}).String() || r.Address == "uhid" {
		return ""
	}
	return " --device " + r.Address
}

// readyControl is the event that the control interface of a key can be used.
func readyControl(a address) ready {
	return ready{Event: "ready", Transport: "control", Address: a.String(), text: "control " + a.String()}
}

// readyUHID is the event of a key that is plugged into this machine and has a
// hidraw node, if the kernel makes any.
func readyUHID(node string) ready {
	if node == "" {
		return readyAt(address{transport: "uhid"})
	}
	return ready{Event: "ready", Transport: "uhid", Address: address{"hidraw", node}.String(), text: "uhid " + node}
}
