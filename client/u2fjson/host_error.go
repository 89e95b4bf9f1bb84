package u2fjson

import (
	"context"
	"errors"
	"fmt"

	"github.com/softkey-project/softkey/ctap"
)

// HostCode is an error number of u2f-host.
type HostCode int

// The error numbers.
const (
	HostTransport     HostCode = -2
	HostJSON          HostCode = -3
	HostBase64        HostCode = -4
	HostNoDevice      HostCode = -5
	HostAuthenticator HostCode = -6
	HostTimeout       HostCode = -7
)

var hostTexts = map[HostCode]string{
	HostTransport:     "error in transport layer",
	HostJSON:          "error in JSON handling",
	HostBase64:        "base64 error",
	HostNoDevice:      "cannot find U2F device",
	HostAuthenticator: "authenticator error",
	HostTimeout:       "timeout error",
}

// HostError is a failure as u2f-host reports it. Its text is the line that
// u2f-host writes to standard error, in one of three forms:
//
//	error (-6): authenticator error
//	error: u2fh_devs_discover (-5): cannot find U2F device
//	error: origin URL empty, use -o to specify it
//
// It unwraps to the cause, which u2f-host does not tell.
type HostError struct {
	Code HostCode // 0 in the third form
	Call string   // the function that failed, in the second form
	Text string   // the whole text, in the third form
	Err  error
}

// HostNoDeviceError returns the error of u2f-host where it finds no key; err is
// why.
func HostNoDeviceError(err error) *HostError {
	return &HostError{Code: HostNoDevice, Call: "u2fh_devs_discover", Err: err}
}

// Error returns the line of u2f-host.
func (e *HostError) Error() string {
	switch {
	case e.Text != "":
		return "error: " + e.Text
	case e.Call != "":
		return fmt.Sprintf("error: %s (%d): %s", e.Call, int(e.Code), hostTexts[e.Code])
	}
	return fmt.Sprintf("error (%d): %s", int(e.Code), hostTexts[e.Code])
}

// Unwrap returns the cause.
func (e *HostError) Unwrap() error { return e.Err }

// hostKeyError gives an error of the key, or the end of waiting for it, its
// number; nil stays nil. That the key wants a touch, where none is waited for,
// is a failure of the transport to u2f-host.
func hostKeyError(ctx context.Context, err error) error {
	var sw ctap.SW
	switch {
	case err == nil:
		return nil
	case timedOut(ctx, err):
		return &HostError{Code: HostTimeout, Err: err}
	case errors.As(err, &sw) && sw != ctap.SWConditionsNotSatisfied:
		return &HostError{Code: HostAuthenticator, Err: err}
	}
	return &HostError{Code: HostTransport, Err: err}
}
