package trace

import "github.com/softkey-project/softkey/ctap"

// message names the members of a command's parameters and of its answer.
type message struct {
	request, response map[int64]ctap.Member
}

// messages is the table of all names (§6.1 to §6.4). Members that are secret
// must not be added without a way to withhold their value.
var messages = map[ctap.Command]message{
	ctap.CommandMakeCredential: {
		request: map[int64]ctap.Member{
			0x01: {Name: "clientDataHash"},
			0x02: {Name: "rp"},
			0x03: {Name: "user"},
			0x04: {Name: "pubKeyCredParams"},
			0x05: {Name: "excludeList"},
			0x06: {Name: "extensions"},
			0x07: {Name: "options"},
			0x08: {Name: "pinUvAuthParam"},
			0x09: {Name: "pinUvAuthProtocol"},
			0x0A: {Name: "enterpriseAttestation"},
			0x0B: {Name: "attestationFormatsPreference"},
		},
		response: map[int64]ctap.Member{
			0x01: {Name: "fmt"},
			0x02: {Name: "authData", Note: noteAuthData},
			0x03: {Name: "attStmt"},
			0x04: {Name: "epAtt"},
		},
	},
	ctap.CommandGetAssertion: {
		request: map[int64]ctap.Member{
			0x01: {Name: "rpId"},
			0x02: {Name: "clientDataHash"},
			0x03: {Name: "allowList"},
			0x04: {Name: "extensions"},
			0x05: {Name: "options"},
			0x06: {Name: "pinUvAuthParam"},
			0x07: {Name: "pinUvAuthProtocol"},
		},
		response: assertion,
	},
	ctap.CommandGetNextAssertion: {response: assertion},
	ctap.CommandGetInfo: {
		response: map[int64]ctap.Member{
			0x01: {Name: "versions"},
			0x02: {Name: "extensions"},
			0x03: {Name: "aaguid"},
			0x04: {Name: "options"},
			0x05: {Name: "maxMsgSize"},
			0x06: {Name: "pinUvAuthProtocols"},
			0x07: {Name: "maxCredentialCountInList"},
			0x08: {Name: "maxCredentialIdLength"},
			0x09: {Name: "transports"},
			0x0A: {Name: "algorithms"},
			0x0B: {Name: "maxSerializedLargeBlobArray"},
			0x0C: {Name: "forcePINChange"},
			0x0D: {Name: "minPINLength"},
			0x0E: {Name: "firmwareVersion"},
			0x0F: {Name: "maxCredBlobLength"},
			0x10: {Name: "maxRPIDsForSetMinPINLength"},
			0x11: {Name: "preferredPlatformUvAttempts"},
			0x12: {Name: "uvModality"},
			0x13: {Name: "certifications"},
			0x14: {Name: "remainingDiscoverableCredentials"},
			0x15: {Name: "vendorPrototypeConfigCommands"},
			0x16: {Name: "attestationFormats"},
			0x17: {Name: "uvCountSinceLastPinEntry"},
			0x18: {Name: "longTouchForReset"},
			0x19: {Name: "encIdentifier"},
			0x1A: {Name: "transportsForReset"},
			0x1B: {Name: "pinComplexityPolicy"},
			0x1C: {Name: "pinComplexityPolicyURL"},
			0x1D: {Name: "maxPINLength"},
			0x1E: {Name: "encCredStoreState"},
			0x1F: {Name: "authenticatorConfigCommands"},
		},
	},
}

var assertion = map[int64]ctap.Member{
	0x01: {Name: "credential"},
	0x02: {Name: "authData", Note: noteAuthData},
	0x03: {Name: "signature"},
	0x04: {Name: "user"},
	0x05: {Name: "numberOfCredentials"},
	0x06: {Name: "userSelected"},
}
