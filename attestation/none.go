package attestation

// none is a statement that states nothing (WebAuthn §8.7).
type none struct{}

func (none) Name() string { return "none" }

func (none) attestationTypes() []string { return nil }

func (none) Statement(*Input) (any, error) { return struct{}{}, nil }
