package trace

import "github.com/softkey-project/softkey/ctap"

// message names the members of a command's parameters and of its answer.
type message struct {
	request, response map[int64]ctap.Member

	// What is withheld: keys, what stands for a PIN or is a token, though it is
	// encrypted, and what a site keeps with a credential in the clear.
	requestSecrets, responseSecrets []secret
}

// messages is the table of all names (§6.1 to §6.11). Every member that is secret
// is in one of the lists.
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
			0x05: {Name: "largeBlobKey"},
			0x06: {Name: "unsignedExtensionOutputs"},
		},
		requestSecrets:  []secret{{member: 0x06, path: []string{"credBlob"}}},
		responseSecrets: []secret{{member: 0x05}},
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
		requestSecrets: []secret{{member: 0x04, path: []string{"largeBlob", "write"}}},
		response:       assertion, responseSecrets: assertionSecrets,
	},
	ctap.CommandGetNextAssertion: {response: assertion, responseSecrets: assertionSecrets},
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
	ctap.CommandClientPIN: {
		request: map[int64]ctap.Member{
			0x01: {Name: "pinUvAuthProtocol"},
			0x02: {Name: "subCommand"},
			0x03: {Name: "keyAgreement"},
			0x04: {Name: "pinUvAuthParam"},
			0x05: {Name: "newPinEnc"},
			0x06: {Name: "pinHashEnc"},
			0x09: {Name: "permissions"},
			0x0A: {Name: "rpId"},
		},
		requestSecrets: []secret{{member: 0x05}, {member: 0x06}},
		response: map[int64]ctap.Member{
			0x01: {Name: "keyAgreement"},
			0x02: {Name: "pinUvAuthToken"},
			0x03: {Name: "pinRetries"},
			0x04: {Name: "powerCycleState"},
			0x05: {Name: "uvRetries"},
		},
		responseSecrets: []secret{{member: 0x02}},
	},
	ctap.CommandBioEnrollment:               bioEnrollment,
	ctap.CommandBioEnrollmentPreview:        bioEnrollment,
	ctap.CommandCredentialManagement:        credentialManagement,
	ctap.CommandCredentialManagementPreview: credentialManagement,
	ctap.CommandLargeBlobs: {
		request: map[int64]ctap.Member{
			0x01: {Name: "get"},
			0x02: {Name: "set"},
			0x03: {Name: "offset"},
			0x04: {Name: "length"},
			0x05: {Name: "pinUvAuthParam"},
			0x06: {Name: "pinUvAuthProtocol"},
		},
		response: map[int64]ctap.Member{0x01: {Name: "config"}},
	},
	ctap.CommandConfig: {
		request: map[int64]ctap.Member{
			0x01: {Name: "subCommand"},
			0x02: {Name: "subCommandParams"},
			0x03: {Name: "pinUvAuthProtocol"},
			0x04: {Name: "pinUvAuthParam"},
		},
	},
}

var bioEnrollment = message{
	request: map[int64]ctap.Member{
		0x01: {Name: "modality"},
		0x02: {Name: "subCommand"},
		0x03: {Name: "subCommandParams"},
		0x04: {Name: "pinUvAuthProtocol"},
		0x05: {Name: "pinUvAuthParam"},
		0x06: {Name: "getModality"},
	},
	response: map[int64]ctap.Member{
		0x01: {Name: "modality"},
		0x02: {Name: "fingerprintKind"},
		0x03: {Name: "maxCaptureSamplesRequiredForEnroll"},
		0x04: {Name: "templateId"},
		0x05: {Name: "lastEnrollSampleStatus"},
		0x06: {Name: "remainingSamples"},
		0x07: {Name: "templateInfos"},
		0x08: {Name: "maxTemplateFriendlyName"},
	},
}

var credentialManagement = message{
	request: map[int64]ctap.Member{
		0x01: {Name: "subCommand"},
		0x02: {Name: "subCommandParams"},
		0x03: {Name: "pinUvAuthProtocol"},
		0x04: {Name: "pinUvAuthParam"},
	},
	response: map[int64]ctap.Member{
		0x01: {Name: "existingResidentCredentialsCount"},
		0x02: {Name: "maxPossibleRemainingResidentCredentialsCount"},
		0x03: {Name: "rp"},
		0x04: {Name: "rpIDHash"},
		0x05: {Name: "totalRPs"},
		0x06: {Name: "user"},
		0x07: {Name: "credentialID"},
		0x08: {Name: "publicKey"},
		0x09: {Name: "totalCredentials"},
		0x0A: {Name: "credProtect"},
		0x0B: {Name: "largeBlobKey"},
		0x0C: {Name: "thirdPartyPayment"},
	},
	responseSecrets: []secret{{member: 0x0B}},
}

var assertion = map[int64]ctap.Member{
	0x01: {Name: "credential"},
	0x02: {Name: "authData", Note: noteAuthData},
	0x03: {Name: "signature"},
	0x04: {Name: "user"},
	0x05: {Name: "numberOfCredentials"},
	0x06: {Name: "userSelected"},
	0x07: {Name: "largeBlobKey"},
	0x08: {Name: "unsignedExtensionOutputs"},
}

var assertionSecrets = []secret{
	{member: 0x02, authData: true, path: []string{"credBlob"}},
	{member: 0x07},
	{member: 0x08, path: []string{"largeBlob", "blob"}},
}
