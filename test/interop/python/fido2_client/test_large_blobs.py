"""authenticatorLargeBlobs: the array that platforms share."""

import os

import pytest
from fido2 import cbor
from fido2.ctap import CtapError
from fido2.ctap2 import Ctap2
from fido2.ctap2.blob import LargeBlobs
from steps import PERMISSION, create, refused, set_pin, token_for

ERR = CtapError.ERR


@pytest.fixture
def ctap(device):
    ctap = Ctap2(device)
    set_pin(ctap)
    return ctap


def blobs(ctap):
    return LargeBlobs(ctap, *token_for(ctap, PERMISSION.LARGE_BLOB_WRITE))


@pytest.mark.parametrize("fragment", [64, 7545])
def test_blobs(ctap, fragment):
    """Blobs are written and read in fragments, and found by the key of their credential."""
    array, (one, two) = blobs(ctap), (os.urandom(32), os.urandom(32))
    array.max_fragment_length = fragment
    assert array.read_blob_array() == []
    array.put_blob(one, b"first")
    array.put_blob(two, os.urandom(200))
    array.put_blob(one, b"changed")
    assert array.get_blob(one) == b"changed" and len(array.get_blob(two)) == 200
    array.delete_blob(two)
    assert array.get_blob(two) is None and array.get_blob(one) == b"changed"


def test_restart(connect):
    key, device = connect()
    LargeBlobs(Ctap2(device)).put_blob(bytes(32), b"kept")
    key.stop()
    assert LargeBlobs(Ctap2(connect()[1])).get_blob(bytes(32)) == b"kept"


def test_capacity(ctap):
    capacity = ctap.info.max_large_blob
    fitting = capacity - 16 - len(cbor.encode([bytes(1000)])) + 1000
    array = blobs(ctap)
    array.write_blob_array([bytes(fitting)])
    with refused(ERR.LARGE_BLOB_STORAGE_FULL):
        array.write_blob_array([bytes(fitting + 1)])
    assert array.read_blob_array() == [bytes(fitting)]


def test_refusals(ctap):
    with refused(ERR.PUAT_REQUIRED):
        LargeBlobs(ctap).put_blob(bytes(32), b"x")
    with refused(ERR.PIN_AUTH_INVALID):
        LargeBlobs(ctap, *token_for(ctap, PERMISSION.CREDENTIAL_MGMT)).put_blob(bytes(32), b"x")
    assert LargeBlobs(ctap).read_blob_array() == []


def test_integrity(device):
    """An array that does not end with its hash is refused, and the old one stays."""
    ctap = Ctap2(device)
    LargeBlobs(ctap).put_blob(bytes(32), b"old")
    with refused(ERR.INTEGRITY_FAILURE):
        ctap.large_blobs(0, set=b"\x80" + bytes(16), length=17)
    assert LargeBlobs(ctap).get_blob(bytes(32)) == b"old"


def test_keys_of_credentials(ctap):
    token = token_for(ctap, PERMISSION.MAKE_CREDENTIAL, "example.com")
    made = create(ctap, True, token=token, extensions={"largeBlobKey": True})
    assert len(made.large_blob_key) == 32
    blobs(ctap).put_blob(made.large_blob_key, b"mine")
    token = token_for(ctap, PERMISSION.GET_ASSERTION, "example.com")
    signed = ctap.get_assertion("example.com", bytes(32), extensions={"largeBlobKey": True})
    assert signed.large_blob_key == made.large_blob_key
    assert LargeBlobs(ctap).get_blob(signed.large_blob_key) == b"mine"
