package uhid

import (
	"encoding/binary"
	"syscall"

	kernel "github.com/psanford/uhid"

	"github.com/softkey-project/softkey/ctaphid"
)

// Events that the library does not know, or makes larger than they need be. The
// kernel takes a short event as if zeros followed. Layouts are those of
// linux/uhid.h, which packs its structures.
type (
	input struct { // uhid_input2_req
		Type uint32
		Size uint16
		Data ctaphid.Report
	}
	getReportReply struct { // uhid_get_report_reply_req, of no data
		Type uint32
		ID   uint32
		Err  uint16
		Size uint16
	}
	setReportReply struct { // uhid_set_report_reply_req
		Type uint32
		ID   uint32
		Err  uint16
	}
)

func newInput(r ctaphid.Report) input { return input{kernel.Input2, uint16(len(r)), r} }

// Offsets in the data of an output event: uhid_output_req.
const (
	outputSize = 4096
	outputType = outputSize + 2
	outputEnd  = outputType + 1

	outputReport = 1 // UHID_OUTPUT_REPORT
)

// run is the pump. It does nothing that could keep it from the next event: the
// kernel holds 31 of them, and drops what comes then.
func (d *Device) run(events <-chan kernel.Event) {
	defer close(d.queue)
	for event := range events {
		switch {
		case event.Err != nil:
			d.failure = event.Err
			return
		case event.Type == kernel.Output:
			if r, ok := outputOf(event.Data); ok {
				d.take(r)
			}
		case event.Type == kernel.Close:
			if r, ok := d.orphan.closed(); ok {
				d.take(r)
			}
		case event.Type == kernel.GetReport || event.Type == kernel.SetReport:
			d.decline(event)
		}
	}
}

// take queues a report. Like the kernel's, the queue drops what it has no room for.
func (d *Device) take(r ctaphid.Report) {
	select {
	case d.queue <- r:
	default:
	}
}

// outputOf returns the report of an output event: 64 bytes, after the number of
// the report that hidraw puts in front.
func outputOf(data []byte) (r ctaphid.Report, ok bool) {
	if len(data) < outputEnd || data[outputType] != outputReport {
		return r, false
	}
	switch size := binary.LittleEndian.Uint16(data[outputSize:]); {
	case size == uint16(len(r))+1 && data[0] == 0:
		copy(r[:], data[1:])
	case size == uint16(len(r)):
		copy(r[:], data)
	default:
		return r, false
	}
	return r, true
}

// decline answers a request for the control endpoint. The device has no feature
// reports, and its others do not come that way; but a program would wait five
// seconds for no answer.
func (d *Device) decline(event kernel.Event) {
	if len(event.Data) < 4 {
		return
	}
	id, errno := binary.LittleEndian.Uint32(event.Data), uint16(syscall.EIO)
	if event.Type == kernel.GetReport {
		d.port.WriteEvent(getReportReply{kernel.GetReportReply, id, errno, 0})
		return
	}
	d.port.WriteEvent(setReportReply{kernel.SetReportReply, id, errno})
}
