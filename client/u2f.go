package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
)

// pollInterval is the time after which a U2F key that was not touched is asked
// again (U2F: every 50 to 250 ms).
const pollInterval = 200 * time.Millisecond

// maxKeyHandle is the length in bytes of the longest U2F key handle.
const maxKeyHandle = 255

// U2FVersion returns the key's U2F version, "U2F_V2".
func (d *Device) U2FVersion(ctx context.Context) (string, error) {
	data, err := d.U2FCommand(ctx, ctap.CommandAPDU{INS: ctap.U2FVersion})
	return string(data), err
}

// U2FRegister runs U2F register, again and again until the user has touched the
// key or ctx ends.
func (d *Device) U2FRegister(ctx context.Context, req ctap.U2FRegisterRequest) (*ctap.U2FRegisterResponse, error) {
	return registerResponse(d.untilTouched(ctx, req.APDU()))
}

// U2FRegisterOnce runs U2F register one time. A key that has not been touched
// answers [ctap.SWConditionsNotSatisfied].
func (d *Device) U2FRegisterOnce(ctx context.Context, req ctap.U2FRegisterRequest) (*ctap.U2FRegisterResponse, error) {
	return registerResponse(d.U2FCommand(ctx, req.APDU()))
}

func registerResponse(data []byte, err error) (*ctap.U2FRegisterResponse, error) {
	if err != nil {
		return nil, err
	}
	return ctap.ParseU2FRegisterResponse(data)
}

// U2FAuthenticate runs U2F authenticate, again and again until the user has
// touched the key or ctx ends. A key handle that is not the key's gives
// [ctap.SWWrongData] at once.
func (d *Device) U2FAuthenticate(ctx context.Context, req ctap.U2FAuthenticateRequest) (*ctap.U2FAuthenticateResponse, error) {
	return authenticate(ctx, req, d.untilTouched)
}

// U2FAuthenticateOnce runs U2F authenticate one time. A key that has not been
// touched answers [ctap.SWConditionsNotSatisfied].
func (d *Device) U2FAuthenticateOnce(ctx context.Context, req ctap.U2FAuthenticateRequest) (*ctap.U2FAuthenticateResponse, error) {
	return authenticate(ctx, req, d.U2FCommand)
}

func authenticate(
	ctx context.Context, req ctap.U2FAuthenticateRequest, send func(context.Context, ctap.CommandAPDU) ([]byte, error),
) (*ctap.U2FAuthenticateResponse, error) {
	if err := checkKeyHandle(req.KeyHandle); err != nil {
		return nil, err
	}
	data, err := send(ctx, req.APDU())
	if err != nil {
		return nil, err
	}
	return ctap.ParseU2FAuthenticateResponse(data)
}

// U2FCheck tells whether keyHandle is the key's and was made for application.
// The user is not asked.
func (d *Device) U2FCheck(ctx context.Context, application [32]byte, keyHandle []byte) (bool, error) {
	if checkKeyHandle(keyHandle) != nil {
		return false, nil // no U2F key has such a one
	}
	req := ctap.U2FAuthenticateRequest{Control: ctap.U2FCheckOnly, Application: application, KeyHandle: keyHandle}
	_, err := d.U2FCommand(ctx, req.APDU())
	switch {
	case errors.Is(err, ctap.SWConditionsNotSatisfied):
		return true, nil
	case errors.Is(err, ctap.SWWrongData), errors.Is(err, ctap.SWWrongLength):
		return false, nil
	case err == nil:
		return false, errors.New("client: the key signed where it was to check")
	}
	return false, err
}

// U2FCommand sends one APDU and returns the data of the answer; the error is a
// [ctap.SW] if the status word is one.
func (d *Device) U2FCommand(ctx context.Context, apdu ctap.CommandAPDU) ([]byte, error) {
	return d.transmit(ctx, apdu, d.notifier())
}

// untilTouched sends apdu until the answer is another than that the user has
// not touched the key, or ctx ends.
func (d *Device) untilTouched(ctx context.Context, apdu ctap.CommandAPDU) ([]byte, error) {
	notify := d.notifier()
	for {
		data, err := d.transmit(ctx, apdu, notify)
		if !errors.Is(err, ctap.SWConditionsNotSatisfied) {
			return data, err
		}
		if notify != nil {
			notify(ctap.KeepaliveUPNeeded)
		}
		select {
		case <-time.After(pollInterval):
		case <-ctx.Done():
			return nil, fmt.Errorf("U2F: waiting for a touch: %w", context.Cause(ctx))
		}
	}
}

func (d *Device) transmit(ctx context.Context, apdu ctap.CommandAPDU, notify func(ctap.KeepaliveStatus)) ([]byte, error) {
	answer, err := d.host.Transact(ctx, ctaphid.CommandMsg, apdu.Append(nil), notify)
	if err != nil {
		return nil, fmt.Errorf("U2F: %w", err)
	}
	data, err := ctap.ParseResponseAPDU(answer)
	if err != nil {
		return nil, fmt.Errorf("U2F: %w", err)
	}
	return data, nil
}

func checkKeyHandle(keyHandle []byte) error {
	if len(keyHandle) == 0 || len(keyHandle) > maxKeyHandle {
		return fmt.Errorf("client: key handle of %d bytes: %w", len(keyHandle), ctap.SWWrongLength)
	}
	return nil
}
