"""A site as py_webauthn makes one."""

from page import ORIGIN, RP_ID
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import options_to_json_dict
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AttestationFormat,
    PublicKeyCredentialDescriptor,
)

ES256 = COSEAlgorithmIdentifier.ECDSA_SHA_256


def register(
    page, roots=(), format="packed", alg=ES256, attestation="direct", change=lambda response: response, **members
):
    """Registers a credential and returns py_webauthn's judgement of it.

    roots are the PEM of the certificates that the site trusts for the format; without any it trusts everybody.
    members are of the options, where py_webauthn does not make them; change returns what the site gets in place of
    the key's response.
    """
    options = generate_registration_options(
        rp_id=RP_ID,
        rp_name="Example",
        user_name="ada",
        attestation=AttestationConveyancePreference(attestation),
        supported_pub_key_algs=[alg],
    )
    return verify_registration_response(
        credential=change(page.create({**options_to_json_dict(options), "attestationFormats": [format], **members})),
        expected_challenge=options.challenge,
        expected_rp_id=RP_ID,
        expected_origin=ORIGIN,
        supported_pub_key_algs=[alg],
        pem_root_certs_bytes_by_fmt={AttestationFormat(format): list(roots)},
    )


def sign_in(page, registration, sign_count=0, change=lambda response: response, **members):
    """Signs in with a credential and returns py_webauthn's judgement, and the response that it judged.

    change returns what the site gets in place of the key's response.
    """
    options = generate_authentication_options(
        rp_id=RP_ID, allow_credentials=[PublicKeyCredentialDescriptor(id=registration.credential_id)]
    )
    response = change(page.get({**options_to_json_dict(options), **members}))
    authentication = verify_authentication_response(
        credential=response,
        expected_challenge=options.challenge,
        expected_rp_id=RP_ID,
        expected_origin=ORIGIN,
        credential_public_key=registration.credential_public_key,
        credential_current_sign_count=sign_count,
    )
    return authentication, response
