package u2fjson

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/softkey-project/softkey/ctap"
)

// ErrorCode is an error code of the U2F JavaScript API.
type ErrorCode int

// The error codes.
const (
	OtherError               ErrorCode = 1
	BadRequest               ErrorCode = 2
	ConfigurationUnsupported ErrorCode = 3
	DeviceIneligible         ErrorCode = 4 // registered already, or the key handle is not the key's
	Timeout                  ErrorCode = 5
)

var codeNames = map[ErrorCode]string{
	OtherError:               "OTHER_ERROR",
	BadRequest:               "BAD_REQUEST",
	ConfigurationUnsupported: "CONFIGURATION_UNSUPPORTED",
	DeviceIneligible:         "DEVICE_INELIGIBLE",
	Timeout:                  "TIMEOUT",
}

// String returns the name of the code, such as "DEVICE_INELIGIBLE".
func (c ErrorCode) String() string {
	if name, ok := codeNames[c]; ok {
		return name
	}
	return fmt.Sprintf("error code %d", int(c))
}

// Error is the failure of a U2F request. As JSON it is what the JavaScript API
// hands to a page, and what servers know how to read:
//
//	{"errorCode":4,"errorMessage":"DEVICE_INELIGIBLE"}
//
// It unwraps to the cause, such as a [ctap.SW].
type Error struct {
	Code ErrorCode
	Err  error
}

// Error returns the code's name and number, and the cause.
func (e *Error) Error() string {
	return fmt.Sprintf("%v (%d): %v", e.Code, int(e.Code), e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// MarshalJSON returns the error object of the JavaScript API.
func (e *Error) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Code    ErrorCode `json:"errorCode"`
		Message string    `json:"errorMessage"`
	}{e.Code, e.Code.String()})
}

func badRequest(format string, args ...any) error {
	return &Error{BadRequest, fmt.Errorf(format, args...)}
}

// keyError gives an error of the key, or the end of waiting for it, its code.
func keyError(ctx context.Context, err error) error {
	var sw ctap.SW
	switch {
	case timedOut(ctx, err):
		return &Error{Timeout, err}
	case errors.As(err, &sw) && sw != ctap.SWUnknown:
		return &Error{DeviceIneligible, err}
	}
	return &Error{OtherError, err}
}

// timedOut tells whether err is that the deadline of ctx passed, whatever its
// cause is named.
func timedOut(ctx context.Context, err error) bool {
	return errors.Is(ctx.Err(), context.DeadlineExceeded) && errors.Is(err, context.Cause(ctx))
}
