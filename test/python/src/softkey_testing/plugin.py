"""The pytest plugin: the fixtures softkey, start_softkey, ctap_device and fido2_client, and the mark softkey.

@pytest.mark.softkey(presence="control", pin="4711") says what is special about the key of a test, with the arguments
of Key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from softkey_testing.key import Key

if TYPE_CHECKING:
    from fido2.client import Fido2Client
    from fido2.hid import CtapHidDevice


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "softkey(**arguments): what is special about this test's key: arguments of Key")


@pytest.fixture
def start_softkey() -> Iterator[Callable[..., Key]]:
    """Starts keys with the arguments of Key; all are stopped after the test."""
    with ExitStack() as keys:
        yield lambda **arguments: keys.enter_context(Key(**arguments))


@pytest.fixture
def softkey(request: pytest.FixtureRequest, start_softkey: Callable[..., Key]) -> Key:
    """A key that is plugged in until the test ends; the mark softkey says what is special about it."""
    arguments: dict[str, Any] = {}
    for mark in reversed(list(request.node.iter_markers("softkey"))):  # the test's own come last
        arguments |= mark.kwargs
    return start_softkey(**arguments)


@pytest.fixture
def ctap_device(softkey: Key) -> Iterator[CtapHidDevice]:
    """The key as python-fido2 sees one."""
    from softkey_testing.hid import open_device

    device = open_device(softkey)
    yield device
    device.close()


@pytest.fixture
def fido2_client(softkey: Key, ctap_device: CtapHidDevice) -> Fido2Client:
    """python-fido2's client, of a page at the key's origin or https://example.com, with a user who knows the PIN."""
    from softkey_testing.hid import open_client

    return open_client(softkey, ctap_device)
