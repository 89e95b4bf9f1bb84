"""CTAPHID, as python-fido2 speaks it."""

import os

import pytest
from fido2.ctap import CtapError
from fido2.hid import CAPABILITY, CTAPHID


def test_init(device):
    assert device.version == 2
    assert device.capabilities == CAPABILITY.WINK | CAPABILITY.CBOR
    assert device._channel_id not in (0, 0xFFFFFFFF)


def test_init_of_u2f_key(connect):
    _, device = connect("--profile", "u2f")
    assert not device.capabilities & CAPABILITY.CBOR
    assert not device.capabilities & CAPABILITY.NMSG


@pytest.mark.parametrize("size", [0, 1, 57, 58, 116, 1024, 7608, 7609])
def test_ping(device, size):
    message = os.urandom(size)
    assert device.ping(message) == message


def test_wink(device):
    device.wink()


def test_lock(device):
    device.lock(1)
    assert device.ping(b"mine") == b"mine"
    device.lock(0)


@pytest.mark.parametrize(
    "command, payload, code",
    [
        (0x20, b"", CtapError.ERR.INVALID_COMMAND),
        (CTAPHID.LOCK, b"\x0b", CtapError.ERR.INVALID_PARAMETER),
        (CTAPHID.CBOR, b"", CtapError.ERR.INVALID_LENGTH),
        (CTAPHID.MSG, b"", CtapError.ERR.INVALID_LENGTH),
        (CTAPHID.PING, bytes(7610), CtapError.ERR.INVALID_LENGTH),
    ],
)
def test_error(device, command, payload, code):
    with pytest.raises(CtapError) as e:
        device.call(command, payload)
    assert e.value.code == code
    assert device.ping(b"still here") == b"still here"
