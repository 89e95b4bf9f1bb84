//! webauthn-rs registers softkey and signs it in: as a passkey of a model that it trusts, or of any, and as a second
//! factor.

mod attestation;
mod ceremonies;
mod key;
mod site;
