"""Distrust: with metadata that say something else, the same verifier refuses what the same key attests."""

import base64
from functools import partial

import pytest
from authority import impostor
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate, load_pem_x509_certificates
from fido2.attestation import InvalidData, InvalidSignature, UntrustedAttestation
from fido2.mds3 import MdsAttestationVerifier
from fido2.utils import websafe_decode, websafe_encode
from page import EVERYTHING, Page
from server import exported, register

FORMATS = ["packed", "fido-u2f", "tpm", "apple"]
UNKNOWN = "No root found for Authenticator"


@pytest.fixture(params=FORMATS)
def key(request, page):
    """A page, and its registration in a format, which is to be given a verifier."""
    return page, partial(register, page, format=request.param)


def base64_of(certificate):
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()


def replace_root(entry):
    """Has an impostor vouch for a model in place of its root."""
    roots = entry["metadataStatement"]["attestationRootCertificates"]
    roots[:] = [base64_of(impostor(load_der_x509_certificate(base64.b64decode(root)))) for root in roots]


def report(status, **members):
    """Returns a change that adds a report to what is known of a model."""
    return lambda entry: entry["statusReports"].append({"status": status, "effectiveDate": "2026-01-01", **members})


def test_foreign_root(key, service):
    page, register = key
    with pytest.raises(UntrustedAttestation) as e:
        register(MdsAttestationVerifier(service.publish(page, replace_root)))
    assert isinstance(e.value.args[0], InvalidSignature)


def test_unknown_model(key):
    """Metadata of another model, for which the same root vouches."""
    page, register = key
    other = Page(page.folder, {**EVERYTHING, "name": "other"})
    assert other.export("pem") == page.export("pem")
    with pytest.raises(UntrustedAttestation, match=UNKNOWN):
        register(MdsAttestationVerifier(exported(other)))


def test_revoked(key, service):
    page, register = key
    blob = service.publish(page, report("REVOKED"))
    with pytest.raises(UntrustedAttestation, match=UNKNOWN):
        register(MdsAttestationVerifier(blob))
    register(MdsAttestationVerifier(blob, entry_filter=None))  # nothing but the status was against it


def test_compromised_certificate(page, service):
    leaf, _ = load_pem_x509_certificates(page.export("chain"))
    blob = service.publish(page, report("ATTESTATION_KEY_COMPROMISE", certificate=base64_of(leaf)))
    with pytest.raises(UntrustedAttestation, match=UNKNOWN):
        register(page, MdsAttestationVerifier(blob))
    register(page, MdsAttestationVerifier(blob, attestation_filter=None))


def test_altered_attestation(key):
    """The statement does not hold for other client data."""
    page, register = key
    with pytest.raises((InvalidSignature, InvalidData)) as e:
        register(MdsAttestationVerifier(exported(page)), change=other_client_data)
    assert isinstance(e.value, InvalidSignature) or str(e.value) == "Nonce does not match!"  # of apple


def other_client_data(response):
    """Returns a registration whose client data have a space more."""
    inner = response["response"]
    data = websafe_decode(inner["clientDataJSON"]) + b" "
    return {**response, "response": {**inner, "clientDataJSON": websafe_encode(data)}}
