"""Trust: python-fido2's verifier accepts what a key attests with the metadata that softkey exports of it."""

import json

import pytest
from authority import impostor
from cryptography.exceptions import InvalidSignature as WrongSignature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate
from fido2.attestation import AttestationType, InvalidSignature, PackedAttestation, UnsupportedType
from fido2.mds3 import MdsAttestationVerifier, MetadataStatement, parse_blob
from fido2.utils import websafe_decode, websafe_encode
from page import AAGUID, EVERYTHING, NO_AAGUID, SELF, Page, otherwise_said
from server import exported, register

FORMATS = ["packed", "tpm", "apple"]
ISSUERS = ["own root", "CA that is a root", "CA below a root"]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("issuer", ISSUERS)
def test_format(plug, issuer, format):
    page = plug(issuer)
    data = register(page, MdsAttestationVerifier(exported(page)), format)
    assert str(data.credential_data.aaguid) == AAGUID


@pytest.mark.parametrize("profile", [EVERYTHING, "u2f"], ids=["CTAP2", "U2F"])
@pytest.mark.parametrize("issuer", ISSUERS)
def test_u2f(plug, issuer, profile):
    """What fido-u2f attests has no AAGUID, and is known by the key of the certificate, whose issuer is the anchor."""
    page = plug(issuer, profile)
    data = register(page, MdsAttestationVerifier(exported(page)), "fido-u2f")
    assert str(data.credential_data.aaguid) == NO_AAGUID


@pytest.mark.parametrize("format", ["android-key", "compound"])
def test_unknown_format(page, format):
    """What python-fido2 does not know it says so of; go-webauthn and py_webauthn know them."""
    with pytest.raises(UnsupportedType, match=f'"{format}" is not supported'):
        register(page, MdsAttestationVerifier(exported(page)), format)


def test_self(tmp_path):
    """Self attestation: the credential's own key signs, and metadata say that there is no certificate.

    python-fido2's verifier by metadata is for attestations with a certificate.
    """
    page = Page(tmp_path, SELF)
    types = []

    def verifier(attested, client_data_hash):
        result = PackedAttestation().verify(attested.att_stmt, attested.auth_data, client_data_hash)
        types.append(result.attestation_type)

    register(page, verifier)
    assert types == [AttestationType.SELF]
    with pytest.raises(InvalidSignature):
        register(page, verifier, change=otherwise_said)
    statement = MetadataStatement.from_dict(json.loads(page.export("metadata")))
    assert (statement.attestation_types, statement.attestation_root_certificates) == (["basic_surrogate"], [])


def test_statement(page):
    statement = MetadataStatement.from_dict(json.loads(page.export("metadata")))
    assert str(statement.aaguid) == AAGUID
    assert statement.attestation_types == ["basic_full", "attca", "anonca"]


def test_blob_with_a_foreign_root(page):
    wrong = impostor(load_pem_x509_certificate(page.export("blob-root")))
    with pytest.raises(InvalidSignature):
        parse_blob(page.export("blob"), wrong.public_bytes(Encoding.DER))


def test_altered_blob(page):
    root = load_pem_x509_certificate(page.export("blob-root"))
    header, payload, signature = page.export("blob").split(b".")
    altered = websafe_encode(websafe_decode(payload).replace(b'"no":1', b'"no":2')).encode()
    assert altered != payload
    with pytest.raises(WrongSignature):
        parse_blob(b".".join((header, altered, signature)), root.public_bytes(Encoding.DER))
