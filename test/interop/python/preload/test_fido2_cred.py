"""fido2-cred and fido2-assert, each as a client and as a verifier."""

import base64
import os

import pytest
from tools import OTHER_RP, PIN, create, set_pin, sign, token, verify


@pytest.mark.parametrize(
    "profile, type",
    [
        ("fido2.3", "es256"), ("fido2.3", "eddsa"), ("fido2.0", "es256"), ("platform", "es256"),
        ("full-policy", "es384"), ("full-policy", "rs256"),
    ],
)
def test_algorithm(host, profile, type):
    node = host.plug("--profile", profile)
    sign(host, node, create(host, node, type=type), "-p")


def test_algorithm_that_the_key_lacks(host):
    assert "FIDO_ERR_UNSUPPORTED_ALGORITHM" in create(host, host.plug(), type="rs256", status=1)


@pytest.mark.parametrize("profile", ["u2f", "fido2.3"])
def test_u2f(host, profile):
    node = host.plug("--profile", profile)
    credential = create(host, node, "-u")
    sign(host, node, credential, "-u", "-p")


def test_u2f_credential_in_ctap2(host):
    node = host.plug()
    sign(host, node, create(host, node, "-u"), "-p")


def test_wrong_public_key(host):
    """What one credential signed is not of another."""
    node = host.plug()
    ada, bob = create(host, node), create(host, node, user="bob")
    sign(host, node, ada)
    verify(host, ada)
    assert "FIDO_ERR_INVALID_SIG" in verify(host, bob, status=1)


@pytest.mark.parametrize("options", [(), ("-u",)], ids=["ctap2", "u2f"])
def test_credential_of_another_key(host, options):
    one, other = host.plug(), host.plug()
    credential = create(host, one, *options)
    assert "FIDO_ERR_NO_CREDENTIALS" in sign(host, other, credential, *options, status=1)
    sign(host, one, credential, *options)


def test_credential_of_another_site(host):
    node = host.plug()
    credential = create(host, node)._replace(rp=OTHER_RP)
    assert "FIDO_ERR_NO_CREDENTIALS" in sign(host, node, credential, status=1)


def test_refused(host):
    assert "FIDO_ERR_OPERATION_DENIED" in create(host, host.plug(presence="deny"), status=1)


def test_without_touch(host):
    """Without user presence even a key that nobody touches signs, and the signature says so."""
    node = host.plug(presence="once")
    credential = create(host, node)
    sign(host, node, credential, "-t", "up=false")
    assert "FIDO_ERR_INVALID_PARAM" in verify(host, credential, "-p", status=1)


def test_pin(host):
    node = host.plug()
    set_pin(host, node)
    credential = create(host, node, "-v", typing=[PIN])
    sign(host, node, credential, "-v", typing=[PIN])
    sign(host, node, credential)
    assert "FIDO_ERR_INVALID_PARAM" in verify(host, credential, "-v", status=1)
    assert "FIDO_ERR_PIN_INVALID" in sign(host, node, credential, "-v", typing=["wrong"], status=1)


def test_discoverable(host):
    """Of two credentials of a site both sign, the newest first."""
    node = host.plug()
    ada, bob = create(host, node, "-r"), create(host, node, "-r", user="bob")
    assert ada.id != bob.id
    assert base64.b64decode(sign(host, node, bob, "-r").user_id) == b"bob"


def test_discoverable_of_another_site(host):
    node = host.plug()
    credential = create(host, node, "-r")._replace(rp=OTHER_RP)
    assert "FIDO_ERR_NO_CREDENTIALS" in sign(host, node, credential, "-r", status=1)


def test_discoverable_is_replaced(host):
    """A second credential of the same user at the same site takes the place of the first."""
    node = host.plug()
    old, new = create(host, node, "-r"), create(host, node, "-r")
    assert "FIDO_ERR_NO_CREDENTIALS" in sign(host, node, old, status=1)
    sign(host, node, new, "-r")


def test_hmac_secret(host):
    node = host.plug()
    ada, bob = create(host, node, "-h"), create(host, node, "-h", user="bob")
    salt = os.urandom(32)
    secret = base64.b64decode(sign(host, node, ada, "-h", salt=salt).hmac_secret)
    again, other_salt, other_credential = (
        base64.b64decode(sign(host, node, credential, "-h", salt=some).hmac_secret)
        for credential, some in [(ada, salt), (ada, os.urandom(32)), (bob, salt)]
    )
    assert len(secret) == 32 and secret == again
    assert len({secret, other_salt, other_credential}) == 3


def test_hmac_secret_depends_on_verification(host):
    node = host.plug()
    set_pin(host, node)
    credential, salt = create(host, node, "-h", typing=[PIN]), os.urandom(32)
    without = sign(host, node, credential, "-h", salt=salt).hmac_secret
    verified = [sign(host, node, credential, "-h", "-v", salt=salt, typing=[PIN]).hmac_secret for _ in range(2)]
    assert verified[0] == verified[1] != without


def test_cred_protect(host):
    """Level 3 signs for a verified user alone, level 2 for one who knows its ID as well."""
    node = host.plug()
    set_pin(host, node)
    for level, by_id, by_site in ("1", True, True), ("2", True, False), ("3", False, False):
        credential = create(host, node, "-r", "-c", level, rp=f"level{level}.example", typing=[PIN])
        for options, allowed in [((), by_id), (("-r",), by_site)]:
            if allowed:
                sign(host, node, credential, *options)
            else:
                assert "FIDO_ERR_NO_CREDENTIALS" in sign(host, node, credential, *options, status=1)
            sign(host, node, credential, "-v", *options, typing=[PIN])


def test_large_blob_key(host):
    node = host.plug()
    credential = create(host, node, "-r", "-b")
    assert len(base64.b64decode(credential.large_blob_key)) == 32
    assert sign(host, node, credential, "-b").large_blob_key == credential.large_blob_key
