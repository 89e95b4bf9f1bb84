package ctap

// The versions that authenticatorGetInfo may list (§6.4). FIDO_2_2 was never
// defined.
const (
	VersionU2FV2     = "U2F_V2"
	VersionFIDO20    = "FIDO_2_0"
	VersionFIDO21Pre = "FIDO_2_1_PRE"
	VersionFIDO21    = "FIDO_2_1"
	VersionFIDO23    = "FIDO_2_3"
)

// The options of authenticatorGetInfo (§6.4).
const (
	OptionPlat                           = "plat"
	OptionRK                             = "rk"
	OptionClientPIN                      = "clientPin"
	OptionUP                             = "up"
	OptionUV                             = "uv"
	OptionPinUvAuthToken                 = "pinUvAuthToken" // #nosec G101 -- a name
	OptionNoMcGaPermissionsWithClientPIN = "noMcGaPermissionsWithClientPin"
	OptionLargeBlobs                     = "largeBlobs"
	OptionEP                             = "ep"
	OptionBioEnroll                      = "bioEnroll"
	OptionUserVerificationMgmtPreview    = "userVerificationMgmtPreview"
	OptionUVBioEnroll                    = "uvBioEnroll"
	OptionAuthnrCfg                      = "authnrCfg"
	OptionUVAcfg                         = "uvAcfg"
	OptionCredMgmt                       = "credMgmt"
	OptionPerCredMgmtRO                  = "perCredMgmtRO"         // #nosec G101 -- a name
	OptionCredentialMgmtPreview          = "credentialMgmtPreview" // #nosec G101 -- a name
	OptionSetMinPINLength                = "setMinPINLength"
	OptionMakeCredUvNotRqd               = "makeCredUvNotRqd" // #nosec G101 -- a name
	OptionAlwaysUv                       = "alwaysUv"
)

// The transports of authenticatorGetInfo and of credential descriptors
// (WebAuthn's AuthenticatorTransport).
const (
	TransportUSB      = "usb"
	TransportNFC      = "nfc"
	TransportInternal = "internal"
)

// PublicKey is the one credential type.
const PublicKey = "public-key"
