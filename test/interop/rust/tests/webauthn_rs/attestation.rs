//! Attestation: webauthn-rs holds models against a list of CAs, and of the models that each vouches for.

use std::collections::BTreeMap;

use webauthn_rs::prelude::*;

use crate::key::{AAGUID, EVERYTHING, Key, U2F};
use crate::site::{ADA, asking_for_a_touch, create, get, site};

/// Returns a list with a CA that vouches for a model.
fn trusted(root: &str, aaguid: &str) -> AttestationCaList {
    let mut list = AttestationCaListBuilder::new();
    let aaguid = Uuid::parse_str(aaguid).unwrap();
    list.insert_device_pem(
        root.as_bytes(),
        aaguid,
        "softkey".to_string(),
        BTreeMap::new(),
    )
    .unwrap();
    list.build()
}

/// Registers a passkey of a model on the list, attested in a format.
fn attest(
    key: &Key,
    list: AttestationCaList,
    format: AttestationFormat,
) -> WebauthnResult<AttestedPasskey> {
    let site = site();
    let (mut options, state) =
        site.start_attested_passkey_registration(ADA, "ada", "Ada", None, list, None)?;
    options.public_key.attestation_formats = Some(vec![format]);
    site.finish_attested_passkey_registration(&create(key, &options), &state)
}

fn sign_in(key: &Key, passkey: AttestedPasskey) {
    let site = site();
    let (options, state) = site
        .start_attested_passkey_authentication(&[passkey])
        .unwrap();
    let result = site
        .finish_attested_passkey_authentication(&get(key, &options), &state)
        .unwrap();
    assert!(result.user_verified());
    assert_eq!(result.counter(), 1);
}

#[test]
fn packed() {
    let key = Key::new(EVERYTHING);
    let passkey = attest(
        &key,
        trusted(&key.root(), AAGUID),
        AttestationFormat::Packed,
    )
    .unwrap();
    let metadata = &passkey.attestation().metadata;
    assert!(
        matches!(metadata, AttestationMetadata::Packed { aaguid } if aaguid.to_string() == AAGUID),
        "{metadata:?}"
    );
    sign_in(&key, passkey);
}

/// webauthn-rs takes from a TPM the algorithm with SHA-1 alone, and that it then refuses.
#[test]
fn tpm() {
    let key = Key::new(EVERYTHING);
    let refusal = attest(&key, trusted(&key.root(), AAGUID), AttestationFormat::Tpm).unwrap_err();
    assert!(
        matches!(refusal, WebauthnError::COSEKeyInvalidType),
        "{refusal:?}"
    );
}

#[test]
fn foreign_root() {
    let foreign = trusted(&Key::new(EVERYTHING).root(), AAGUID);
    let refusal = attest(&Key::new(EVERYTHING), foreign, AttestationFormat::Packed).unwrap_err();
    assert!(
        matches!(refusal, WebauthnError::AttestationChainNotTrusted(_)),
        "{refusal:?}"
    );
}

#[test]
fn other_model() {
    let key = Key::new(EVERYTHING);
    let list = trusted(&key.root(), "10a4d183-b2dc-5e83-8042-8758cc9420a1");
    let refusal = attest(&key, list, AttestationFormat::Packed).unwrap_err();
    assert!(
        matches!(refusal, WebauthnError::AttestationUntrustedAaguid),
        "{refusal:?}"
    );
}

/// webauthn-rs trusts no model that has no AAGUID, whoever vouches for it.
#[test]
fn u2f() {
    let (site, key) = (asking_for_a_touch(), Key::new(U2F));
    let list = trusted(&key.root(), AAGUID);
    let (options, state) = site
        .start_securitykey_registration(ADA, "ada", "Ada", None, Some(list), None)
        .unwrap();
    let refusal = site
        .finish_securitykey_registration(&create(&key, &options), &state)
        .unwrap_err();
    assert!(
        matches!(refusal, WebauthnError::AttestationFormatMissingAaguid),
        "{refusal:?}"
    );
}
