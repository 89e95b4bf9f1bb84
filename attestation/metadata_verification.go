package attestation

// verificationMethod is a VerificationMethodDescriptor of a metadata statement.
type verificationMethod struct {
	Method string        `json:"userVerificationMethod"`
	Code   *codeAccuracy `json:"caDesc,omitempty"`
}

// codeAccuracy is a CodeAccuracyDescriptor: how hard a PIN is to guess.
type codeAccuracy struct {
	Base          int    `json:"base"`
	MinLength     uint64 `json:"minLength"`
	MaxRetries    int    `json:"maxRetries"`
	BlockSlowdown int    `json:"blockSlowdown"` // seconds; 0: blocked for good
}

// What is the same for every client PIN (§6.5.1). The base is a modest guess at
// the characters that people choose from.
const (
	pinBase    = 64
	pinRetries = 8
	pinMinimum = 4 // of the length, where getInfo does not say
)

// builtIn is the names of the built-in methods, by the bits of uvModality (FIDO
// Registry of Predefined Values §3.1).
var builtIn = []struct {
	bit  uint64
	name string
}{
	{0x002, "fingerprint_internal"},
	{0x004, "passcode_internal"},
	{0x008, "voiceprint_internal"},
	{0x010, "faceprint_internal"},
	{0x020, "location_internal"},
	{0x040, "eyeprint_internal"},
	{0x080, "pattern_internal"},
	{0x100, "handprint_internal"},
}

// verificationDetails returns the alternatives that an assertion of the key may
// have seen, each of them methods that were all passed: nothing, a touch, and
// each method of verification without and with a touch.
func (i *metadataInfo) verificationDetails() [][]verificationMethod {
	const none, presence = "none", "presence_internal"
	details := [][]verificationMethod{{{Method: none}}}
	touch := i.has("up", true)
	if touch {
		details = append(details, []verificationMethod{{Method: presence}})
	}
	for _, m := range i.verificationMethods() {
		details = append(details, []verificationMethod{m})
		if touch {
			details = append(details, []verificationMethod{{Method: presence}, m})
		}
	}
	return details
}

func (i *metadataInfo) verificationMethods() (methods []verificationMethod) {
	if i.has("clientPin", false) {
		methods = append(methods, verificationMethod{Method: "passcode_external", Code: &codeAccuracy{
			Base: pinBase, MinLength: max(i.MinPINLength, pinMinimum), MaxRetries: pinRetries,
		}})
	}
	if !i.has("uv", false) {
		return methods
	}
	modality := i.UVModality
	if modality == 0 {
		modality = builtIn[0].bit // CTAP 2.0 has no such member; a sensor is the likeliest
	}
	for _, m := range builtIn {
		if modality&m.bit != 0 {
			methods = append(methods, verificationMethod{Method: m.name})
		}
	}
	return methods
}

// isVerificationFresh tells whether each operation with user verification sees
// the user verified anew: with a pinUvAuthToken, which serves once. A key of
// CTAP 2.0 takes one pinToken until it is unplugged.
func (i *metadataInfo) isVerificationFresh() bool {
	return i.has("pinUvAuthToken", false) || !i.has("clientPin", false)
}

// has returns the value of an option, or absent if the key does not name it.
func (i *metadataInfo) has(option string, absent bool) bool {
	if value, ok := i.Options[option]; ok {
		return value
	}
	return absent
}
