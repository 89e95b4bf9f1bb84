"""A key for each test, and python-fido2's devices on it."""

import pytest
from softkey import Key, socket_in
from softkey_testing.hid import open_device


@pytest.fixture
def start(tmp_path):
    """Starts keys: start(*flags, presence=, transport=) returns a Key; all are stopped after the test."""
    keys = []

    def starter(*flags, presence="approve", transport=None):
        key = Key(transport or socket_in(tmp_path), "--state", tmp_path / "state", *flags, presence=presence)
        keys.append(key)
        return key

    yield starter
    for key in keys:
        key.stop()


@pytest.fixture
def connect(start):
    """Starts a key and opens it: connect(*flags, presence=, transport=) returns (Key, CtapHidDevice)."""
    devices = []

    def connector(*flags, **kwargs):
        key = start(*flags, **kwargs)
        device = open_device(key)
        devices.append(device)
        return key, device

    yield connector
    for device in devices:
        device.close()


@pytest.fixture
def device(connect):
    """A CtapHidDevice on a key that is touched at once."""
    return connect()[1]
