package ctap

// The versions that authenticatorGetInfo may list (§6.4). FIDO_2_2 was never
// defined.
const (
	VersionU2FV2  = "U2F_V2"
	VersionFIDO20 = "FIDO_2_0"
)

// The options of authenticatorGetInfo (§6.4).
const (
	OptionPlat      = "plat"
	OptionRK        = "rk"
	OptionClientPIN = "clientPin"
	OptionUP        = "up"
	OptionUV        = "uv"
)

// TransportUSB is the name of USB in authenticatorGetInfo and in credential
// descriptors (WebAuthn's AuthenticatorTransport).
const TransportUSB = "usb"

// PublicKey is the one credential type.
const PublicKey = "public-key"
