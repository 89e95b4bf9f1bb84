"""A key as python-fido2 sees one: needs the extra softkey-testing[fido2]."""

from __future__ import annotations

import socket

from fido2.client import DefaultClientDataCollector, Fido2Client, UserInteraction
from fido2.ctap2.pin import ClientPin
from fido2.hid import CtapHidDevice
from fido2.hid.base import CtapHidConnection, HidDescriptor

from softkey_testing.key import Key
from softkey_testing.program import SoftkeyError

REPORT_SIZE = 64


class SocketConnection(CtapHidConnection):
    """Moves reports of 64 bytes over a socket, as FileCtapHidConnection does over /dev/hidraw."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def write_packet(self, data: bytes) -> None:
        if len(data) != REPORT_SIZE:
            raise ValueError(f"a report of {len(data)} bytes, not {REPORT_SIZE}")
        self._connection.sendall(data)

    def read_packet(self) -> bytes:
        report = b""
        while len(report) < REPORT_SIZE:
            part = self._connection.recv(REPORT_SIZE - len(report))
            if not part:
                raise ConnectionError("the key closed the connection")
            report += part
        return report

    def close(self) -> None:
        self._connection.close()


def open_device(key: Key) -> CtapHidDevice:
    """Opens a key on a channel of its own; close it before the key is stopped."""
    descriptor = HidDescriptor(key.address, 0xF1D0, 0x5F01, REPORT_SIZE, REPORT_SIZE, "softkey", None)
    return CtapHidDevice(descriptor, SocketConnection(key.connect()))


class GivesPin(UserInteraction):
    """A user who knows the PIN of a key, and is asked for nothing else."""

    def __init__(self, key: Key) -> None:
        self._key = key

    def request_pin(self, permissions: ClientPin.PERMISSION, rp_id: str | None) -> str | None:
        if self._key.pin is None:
            raise SoftkeyError("the key is asked for a PIN, and the test gave none: pin=")
        return self._key.pin


def open_client(key: Key, device: CtapHidDevice, origin: str = "https://example.com") -> Fido2Client:
    """Returns python-fido2's client of a page at an origin; that of the key comes first."""
    return Fido2Client(device, DefaultClientDataCollector(key.origin or origin), GivesPin(key))
