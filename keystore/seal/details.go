package seal

import (
	"fmt"
	"strings"
)

// Details says in a few words what the seal in the slot asks for.
func (s Slot) Details() string {
	var text string
	var err error
	switch s.Kind {
	case KindPassphrase:
		var pp passphraseParams
		pp, err = parsePassphraseParams(s.Params)
		text = fmt.Sprintf("argon2id, %v", pp.Cost)
	case KindKeyring:
		var kp keyringParams
		kp, err = parseKeyringParams(s.Params)
		text = fmt.Sprintf("%s in the %s's keyring", kp.Name, kp.Ring)
	case KindTPM:
		var tp tpmParams
		tp, err = parseTPMParams(s.Params)
		text = describePCRs(tp.PCRs)
	}
	if err != nil {
		return err.Error()
	}
	return text
}

func describePCRs(pcrs []uint) string {
	if len(pcrs) == 0 {
		return ""
	}
	return "bound to PCRs " + strings.Trim(fmt.Sprint(pcrs), "[]")
}
