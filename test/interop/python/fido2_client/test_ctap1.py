"""U2F, as python-fido2's Ctap1 speaks it."""

import os

import pytest
from fido2.ctap1 import APDU, ApduError, Ctap1

WRONG_LENGTH = 0x6700
CHALLENGE, APPLICATION = os.urandom(32), os.urandom(32)


@pytest.fixture
def ctap1(device):
    return Ctap1(device)


@pytest.fixture
def registration(ctap1):
    return ctap1.register(CHALLENGE, APPLICATION)


def refused(code, call, *args, **kwargs):
    with pytest.raises(ApduError) as e:
        call(*args, **kwargs)
    assert (e.value.code, e.value.data) == (code, b"")


def test_version(ctap1):
    assert ctap1.get_version() == "U2F_V2"


def test_register(registration):
    registration.verify(APPLICATION, CHALLENGE)
    assert 64 <= len(registration.key_handle) <= 128


def test_register_gives_new_keys(ctap1, registration):
    other = ctap1.register(CHALLENGE, APPLICATION)
    assert other.public_key != registration.public_key
    assert other.key_handle != registration.key_handle


def test_authenticate(ctap1, registration):
    counters = []
    for _ in range(5):
        assertion = ctap1.authenticate(CHALLENGE, APPLICATION, registration.key_handle)
        assertion.verify(APPLICATION, CHALLENGE, registration.public_key)
        assert assertion.user_presence == 1
        counters.append(assertion.counter)
    assert counters == [1, 2, 3, 4, 5]


def test_check_only(ctap1, registration):
    refused(APDU.USE_NOT_SATISFIED, ctap1.authenticate, CHALLENGE, APPLICATION, registration.key_handle, check_only=True)


@pytest.mark.parametrize("check_only", [False, True])
def test_unknown_handle(ctap1, registration, check_only):
    handle = registration.key_handle
    foreign = handle[:-1] + bytes([handle[-1] ^ 1])
    refused(APDU.WRONG_DATA, ctap1.authenticate, CHALLENGE, APPLICATION, foreign, check_only)
    refused(APDU.WRONG_DATA, ctap1.authenticate, CHALLENGE, os.urandom(32), handle, check_only)
    refused(WRONG_LENGTH, ctap1.authenticate, CHALLENGE, APPLICATION, handle[:-8], check_only)


def test_no_touch(connect):
    ctap1 = Ctap1(connect(presence="ignore")[1])
    refused(APDU.USE_NOT_SATISFIED, ctap1.register, CHALLENGE, APPLICATION)


def test_a_touch_serves_one_signature(connect):
    key, device = connect(presence="signal")
    ctap1 = Ctap1(device)
    refused(APDU.USE_NOT_SATISFIED, ctap1.register, CHALLENGE, APPLICATION)
    key.touch()
    registration = poll(ctap1.register, CHALLENGE, APPLICATION)
    refused(APDU.USE_NOT_SATISFIED, ctap1.authenticate, CHALLENGE, APPLICATION, registration.key_handle)
    key.touch()
    poll(ctap1.authenticate, CHALLENGE, APPLICATION, registration.key_handle)


def poll(call, *args):
    """Asks until the key was touched, as every U2F host does."""
    for _ in range(100):
        try:
            return call(*args)
        except ApduError as e:
            assert e.code == APDU.USE_NOT_SATISFIED
    raise AssertionError("the touch did not come")


def test_u2f_profile(connect):
    ctap1 = Ctap1(connect("--profile", "u2f")[1])
    registration = ctap1.register(CHALLENGE, APPLICATION)
    registration.verify(APPLICATION, CHALLENGE)
    ctap1.authenticate(CHALLENGE, APPLICATION, registration.key_handle).verify(APPLICATION, CHALLENGE, registration.public_key)
