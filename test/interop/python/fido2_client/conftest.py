"""A key for each test, and python-fido2's devices on it."""

import pytest
from fido2.hid import CtapHidDevice
from fido2.hid.base import CtapHidConnection, HidDescriptor
from softkey import REPORT_SIZE, Key, socket_in


class SocketConnection(CtapHidConnection):
    """Moves reports of 64 bytes over a socket, as FileCtapHidConnection does over /dev/hidraw."""

    def __init__(self, conn):
        self.conn = conn

    def write_packet(self, data):
        assert len(data) == REPORT_SIZE, f"a report of {len(data)} bytes"
        self.conn.sendall(data)

    def read_packet(self):
        report = b""
        while len(report) < REPORT_SIZE:
            part = self.conn.recv(REPORT_SIZE - len(report))
            if not part:
                raise ConnectionError("the key closed the connection")
            report += part
        return report

    def close(self):
        self.conn.close()


def open_device(key):
    descriptor = HidDescriptor(key.address, 0xF1D0, 0x5F01, REPORT_SIZE, REPORT_SIZE, "softkey", None)
    return CtapHidDevice(descriptor, SocketConnection(key.connect()))


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
