package authenticator

import (
	"context"

	"github.com/softkey-project/softkey/ctap"
)

// getInfo is authenticatorGetInfo (§6.4). It never asks anybody, and ignores
// parameters.
func (a *Authenticator) getInfo(context.Context, *call) (any, error) {
	p := a.profile
	return &ctap.GetInfoResponse{
		Versions: p.Versions,
		AAGUID:   p.AAGUID[:],
		Options: map[string]bool{
			ctap.OptionPlat: false,
			ctap.OptionRK:   p.DiscoverableCredentials > 0,
			ctap.OptionUP:   true,
		},
		MaxMsgSize: p.MaxMsgSize,
	}, nil
}
