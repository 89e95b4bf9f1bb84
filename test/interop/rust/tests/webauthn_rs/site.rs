//! A site as webauthn-rs makes one.

use serde::Serialize;
use serde::de::DeserializeOwned;
use webauthn_rs::prelude::*;

use crate::key::{Key, ORIGIN};

/// The account that registers.
pub const ADA: Uuid = Uuid::from_u128(0xada);

pub fn site() -> Webauthn {
    at(ORIGIN)
}

/// Returns a site that expects pages of an origin.
pub fn at(origin: &str) -> Webauthn {
    let origin = Url::parse(origin).unwrap();
    WebauthnBuilder::new("example.com", &origin)
        .unwrap()
        .build()
        .unwrap()
}

/// Returns a site that asks security keys for a touch alone, not for their user's PIN.
pub fn asking_for_a_touch() -> Webauthn {
    let origin = Url::parse(ORIGIN).unwrap();
    let builder = WebauthnBuilder::new("example.com", &origin).unwrap();
    builder
        .danger_set_user_presence_only_security_keys(true)
        .build()
        .unwrap()
}

/// Returns what a key answers to the options of a registration.
pub fn create(key: &Key, options: &CreationChallengeResponse) -> RegisterPublicKeyCredential {
    ask(key, "create", options)
}

/// Returns what a key answers to the options of a sign-in.
pub fn get(key: &Key, options: &RequestChallengeResponse) -> PublicKeyCredential {
    ask(key, "get", options)
}

fn ask<T: DeserializeOwned>(key: &Key, ceremony: &str, options: &impl Serialize) -> T {
    serde_json::from_value(key.ask(ceremony, &serde_json::to_value(options).unwrap())).unwrap()
}

/// Registers a passkey of any model.
pub fn register(site: &Webauthn, key: &Key) -> WebauthnResult<Passkey> {
    let (options, state) = site.start_passkey_registration(ADA, "ada", "Ada", None)?;
    site.finish_passkey_registration(&create(key, &options), &state)
}

/// Signs in with a passkey, which then knows the counter.
pub fn sign_in(
    site: &Webauthn,
    key: &Key,
    passkey: &mut Passkey,
) -> WebauthnResult<AuthenticationResult> {
    let (options, state) = site.start_passkey_authentication(std::slice::from_ref(passkey))?;
    let result = site.finish_passkey_authentication(&get(key, &options), &state)?;
    passkey.update_credential(&result);
    Ok(result)
}
