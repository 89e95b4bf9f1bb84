package u2fjson

import "encoding/json"

// registerResponse returns the response to a request to register, in its
// dialect. All but A's get one superset: each server ignores what it does not
// know, and one of them demands version.
func (r *request) registerResponse(a ask, registrationData, clientData []byte) ([]byte, error) {
	if r.session != nil {
		return json.Marshal(struct {
			RegistrationData string          `json:"registrationData"`
			ClientData       string          `json:"bd"`
			SessionID        json.RawMessage `json:"sessionId"`
		}{encode(registrationData), encode(clientData), r.session})
	}
	return json.Marshal(struct {
		Version          string `json:"version"`
		RegistrationData string `json:"registrationData"`
		ClientData       string `json:"clientData"`
		Challenge        string `json:"challenge"`
		AppID            string `json:"appId"`
	}{versionU2F, encode(registrationData), encode(clientData), a.challenge, a.appID})
}

// signResponse returns the response to a request to authenticate, in its
// dialect.
func (r *request) signResponse(a ask, signatureData, clientData []byte) ([]byte, error) {
	if r.session != nil {
		return json.Marshal(struct {
			ClientData    string          `json:"bd"`
			SignatureData string          `json:"sign"`
			Challenge     string          `json:"challenge"`
			SessionID     json.RawMessage `json:"sessionId"`
			AppID         string          `json:"app_id"`
		}{encode(clientData), encode(signatureData), a.challenge, r.session, a.appID})
	}
	return json.Marshal(struct {
		KeyHandle     string `json:"keyHandle"`
		SignatureData string `json:"signatureData"`
		ClientData    string `json:"clientData"`
		Challenge     string `json:"challenge"`
		AppID         string `json:"appId"`
	}{a.keyHandle, encode(signatureData), encode(clientData), a.challenge, a.appID})
}
