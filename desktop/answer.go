package desktop

import "github.com/softkey-project/softkey/ctap"

// answer is what became of a question.
type answer int

const (
	nobody answer = iota // it is gone, and nobody has answered
	approved
	refused
)

// err returns the answer as Confirm has it.
func (a answer) err() error {
	if a == approved {
		return nil
	}
	return ctap.StatusOperationDenied
}
