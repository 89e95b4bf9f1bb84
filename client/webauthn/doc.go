// Package webauthn is a WebAuthn client without a browser: it takes the options
// of a relying party as JSON, asks a security key, and returns the credential as
// JSON, as navigator.credentials.create and get do for a page.
//
// It takes the place of the browser, not of the authenticator: it decides which
// relying party an origin may speak for, writes the client data, and chooses
// what to ask of the key. A key that only speaks U2F is asked in U2F. Section
// numbers refer to WebAuthn Level 3 where nothing else is said.
package webauthn
