"""Attestation: py_webauthn holds each format that it knows against the roots that it is given.

It does not know compound, which go-webauthn verifies.
"""

import pytest
from authority import impostor, pem
from cryptography import x509
from page import AAGUID, EVERYTHING, NO_AAGUID, SELF, Page, otherwise_said
from server import register
from webauthn.helpers.exceptions import InvalidRegistrationResponse
from webauthn.helpers.tpm import structs as tpm

FORMATS = ["packed", "tpm", "android-key", "apple"]
U2F = [EVERYTHING, "u2f"]  # keys that attest in fido-u2f when asked for it, or always
UNTRUSTED = "Certificate chain could not be validated"
TEST_MANUFACTURER = "id:FFFFF1D0"  # which the TCG set aside


@pytest.fixture
def manufacturer(monkeypatch):
    """Has py_webauthn take TPMs of the manufacturer that is for tests alone."""
    monkeypatch.setitem(tpm.TPM_MANUFACTURERS, TEST_MANUFACTURER, tpm.TPMManufacturerInfo(name="FIDO", id="FIDO"))


def impostors(roots):
    return [pem(impostor(x509.load_pem_x509_certificate(root))) for root in roots]


@pytest.mark.parametrize("format", FORMATS)
def test_format(plug, manufacturer, format):
    page, roots = plug()
    registration = register(page, roots[-1:], format)
    assert (registration.fmt, registration.aaguid, registration.sign_count) == (format, AAGUID, 0)
    assert not registration.user_verified


@pytest.mark.parametrize("format", FORMATS)
def test_wrong_root(plug, manufacturer, format):
    """A root that has the right name, and another key, does not vouch for the key."""
    page, roots = plug()
    reason = "not a known root certificate" if format == "android-key" else UNTRUSTED
    with pytest.raises(InvalidRegistrationResponse, match=reason):
        register(page, impostors(roots), format)


@pytest.mark.parametrize("profile", U2F, ids=["CTAP2", "U2F"])
def test_u2f(plug, profile):
    """fido-u2f has no room for the certificate of a CA below the root: the site must have both."""
    page, roots = plug(profile)
    registration = register(page, roots, "fido-u2f")
    assert (registration.fmt, registration.aaguid) == ("fido-u2f", NO_AAGUID)


@pytest.mark.parametrize("profile", U2F, ids=["CTAP2", "U2F"])
def test_u2f_with_wrong_roots(plug, profile):
    page, roots = plug(profile)
    with pytest.raises(InvalidRegistrationResponse, match=UNTRUSTED):
        register(page, impostors(roots), "fido-u2f")


def test_manufacturer_for_tests(plug):
    """py_webauthn takes TPMs of the manufacturers that the TCG lists, to whom the one for tests does not belong."""
    page, roots = plug()
    with pytest.raises(InvalidRegistrationResponse, match=f'Unrecognized TPM Manufacturer "{TEST_MANUFACTURER}"'):
        register(page, roots[-1:], "tpm")


def test_self(tmp_path):
    """Self attestation: the credential's own key signs, and there is no certificate."""
    page = Page(tmp_path, SELF)
    assert register(page).fmt == "packed"
    with pytest.raises(InvalidRegistrationResponse, match="Could not verify attestation statement signature"):
        register(page, change=otherwise_said)


def test_none(page):
    assert register(page, format="none", attestation="none").fmt == "none"
