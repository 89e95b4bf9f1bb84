//! Passkeys: they register and sign in; what is old, copied, altered or of another site is refused.

use webauthn_rs::prelude::*;

use crate::key::{EVERYTHING, Key, U2F};
use crate::site::{ADA, asking_for_a_touch, at, create, get, register, sign_in, site};

#[test]
fn passkey() {
    let (site, key) = (site(), Key::new(EVERYTHING));
    let mut passkey = register(&site, &key).unwrap();
    for counter in 1..=3 {
        let result = sign_in(&site, &key, &mut passkey).unwrap();
        assert!(result.user_verified());
        assert_eq!(result.counter(), counter);
    }
}

#[test]
fn nobody_named() {
    let (site, key) = (site(), Key::new(EVERYTHING));
    let (mut options, state) = site
        .start_passkey_registration(ADA, "ada", "Ada", None)
        .unwrap();
    let selection = options.public_key.authenticator_selection.as_mut().unwrap();
    selection.require_resident_key = true;
    selection.resident_key = serde_json::from_str(r#""required""#).unwrap();
    let passkey = site
        .finish_passkey_registration(&create(&key, &options), &state)
        .unwrap();

    let (options, state) = site.start_discoverable_authentication().unwrap();
    let response = get(&key, &options);
    let (user, id) = site
        .identify_discoverable_authentication(&response)
        .unwrap();
    assert_eq!((user, id), (ADA, passkey.cred_id().as_slice()));
    site.finish_discoverable_authentication_v2(&response, state, &DiscoverableKey::from(&passkey))
        .unwrap();
}

#[test]
fn replay() {
    let (site, key) = (site(), Key::new(EVERYTHING));
    let passkey = register(&site, &key).unwrap();
    let (options, _) = site
        .start_passkey_authentication(&[passkey.clone()])
        .unwrap();
    let old = get(&key, &options);
    let (_, state) = site.start_passkey_authentication(&[passkey]).unwrap();
    let refusal = site
        .finish_passkey_authentication(&old, &state)
        .unwrap_err();
    assert!(
        matches!(refusal, WebauthnError::MismatchedChallenge),
        "{refusal:?}"
    );
}

#[test]
fn copied_key() {
    let (site, key) = (site(), Key::new(EVERYTHING));
    let mut passkey = register(&site, &key).unwrap();
    let copy = key.copy();
    sign_in(&site, &key, &mut passkey).unwrap();
    let refusal = sign_in(&site, &copy, &mut passkey).unwrap_err();
    assert!(
        matches!(refusal, WebauthnError::CredentialPossibleCompromise),
        "{refusal:?}"
    );
}

#[test]
fn what_was_not_signed() {
    let (site, key) = (site(), Key::new(EVERYTHING));
    let passkey = register(&site, &key).unwrap();
    let (options, state) = site.start_passkey_authentication(&[passkey]).unwrap();
    let mut response = get(&key, &options);
    let mut data = response.response.authenticator_data.to_vec();
    data[33] ^= 1; // the counter, after rpIdHash (32) and flags (1)
    response.response.authenticator_data = data.into();
    let refusal = site
        .finish_passkey_authentication(&response, &state)
        .unwrap_err();
    assert!(
        matches!(refusal, WebauthnError::AuthenticationFailure),
        "{refusal:?}"
    );
}

#[test]
fn wrong_origin() {
    let refusal = register(&at("https://www.example.com"), &Key::new(EVERYTHING)).unwrap_err();
    assert!(
        matches!(refusal, WebauthnError::InvalidRPOrigin),
        "{refusal:?}"
    );
}

#[test]
fn second_factor() {
    for profile in [EVERYTHING, U2F] {
        let (site, key) = (asking_for_a_touch(), Key::new(profile));
        let (options, state) = site
            .start_securitykey_registration(ADA, "ada", "Ada", None, None, None)
            .unwrap();
        let registered = site
            .finish_securitykey_registration(&create(&key, &options), &state)
            .unwrap();
        let (options, state) = site
            .start_securitykey_authentication(&[registered])
            .unwrap();
        let result = site
            .finish_securitykey_authentication(&get(&key, &options), &state)
            .unwrap();
        assert_eq!(result.counter(), 1);
    }
}
