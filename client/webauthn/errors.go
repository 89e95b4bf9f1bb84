package webauthn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/softkey-project/softkey/ctap"
)

// The names that an [Error] may have: those of the exceptions that a page
// would see (§5.1.3.1, §5.1.4.1).
const (
	AbortError        = "AbortError"        // the caller gave up
	ConstraintError   = "ConstraintError"   // the key cannot do what is required
	EncodingError     = "EncodingError"     // a member is not base64url
	InvalidStateError = "InvalidStateError" // the key has a credential that is excluded
	NotAllowedError   = "NotAllowedError"   // the user declined, or it took too long
	NotSupportedError = "NotSupportedError" // no algorithm in common, or an extension used as it cannot be
	SecurityError     = "SecurityError"     // the origin may not speak for that relying party
	SyntaxError       = "SyntaxError"       // a credential ID of prf is none that is allowed
	TypeError         = "TypeError"         // the options are malformed
	UnknownError      = "UnknownError"      // the key failed
)

// Error is the failure of a ceremony, as a page would see it. It unwraps to the
// cause: the [ctap.Status] that the key answered, where it is one.
type Error struct {
	Name    string // of the exception, such as "NotAllowedError"
	Message string
	Err     error // nil: the client itself refused
}

// Error returns the name, the message and the cause.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Name + ": " + e.Message
	}
	return fmt.Sprintf("%s: %s: %v", e.Name, e.Message, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// MarshalJSON returns what a script of the page would read of the exception:
//
//	{"name":"NotAllowedError","message":"the user declined"}
func (e *Error) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Name    string `json:"name"`
		Message string `json:"message"`
	}{e.Name, e.Message})
}

func fail(name, format string, args ...any) error {
	return &Error{Name: name, Message: fmt.Sprintf(format, args...)}
}

// errLifetime is the cause of a context whose ceremony took longer than the
// options allow.
var errLifetime = errors.New("the ceremony's timeout passed")

// failures are the exceptions for what a key may answer; for all else it is an
// UnknownError.
var failures = map[ctap.Status]struct{ name, message string }{
	ctap.StatusCredentialExcluded:     {InvalidStateError, "the key has one of the excluded credentials"},
	ctap.StatusUnsupportedAlgorithm:   {NotSupportedError, "the key has none of the algorithms"},
	ctap.StatusNoCredentials:          {NotAllowedError, "the key has no credential for this relying party"},
	ctap.StatusOperationDenied:        {NotAllowedError, "the user declined"},
	ctap.StatusUserActionTimeout:      {NotAllowedError, "the user did not touch the key in time"},
	ctap.StatusKeepaliveCancel:        {NotAllowedError, "the key was told to give up"},
	ctap.StatusNotAllowed:             {NotAllowedError, "the key does not allow it"},
	ctap.StatusUnsupportedOption:      {NotAllowedError, "the key lacks an option"},
	ctap.StatusInvalidOption:          {NotAllowedError, "the key lacks an option"},
	ctap.StatusKeyStoreFull:           {NotAllowedError, "the key has no room for another credential"},
	ctap.StatusPUATRequired:           {NotAllowedError, "the key wants its PIN"},
	ctap.StatusPINInvalid:             {NotAllowedError, "the PIN is wrong"},
	ctap.StatusPINBlocked:             {NotAllowedError, "the key's PIN is blocked: it must be reset"},
	ctap.StatusPINAuthBlocked:         {NotAllowedError, "the key takes no PIN until it is plugged in again"},
	ctap.StatusPINAuthInvalid:         {NotAllowedError, "the key does not take the user's verification"},
	ctap.StatusPINNotSet:              {NotAllowedError, "the key has no PIN"},
	ctap.StatusPINPolicyViolation:     {NotAllowedError, "the key wants its PIN to be changed first"},
	ctap.StatusUnauthorizedPermission: {NotAllowedError, "the key does not permit that"},
	ctap.StatusUVBlocked:              {NotAllowedError, "the key's user verification is blocked"},
	ctap.StatusUVInvalid:              {NotAllowedError, "the key did not recognise the user"},
}

// exception turns an error of the key, or the end of waiting for it, into the
// exception that a page would see.
func exception(ctx context.Context, err error) error {
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, cause) {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return &Error{NotAllowedError, "it took too long", err}
		}
		return &Error{AbortError, "the ceremony was given up", err}
	}
	if f, ok := failures[ctap.StatusOf(err)]; ok {
		return &Error{f.name, f.message, err}
	}
	return &Error{UnknownError, "the key failed", err}
}
