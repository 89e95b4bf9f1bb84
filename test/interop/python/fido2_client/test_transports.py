"""The same key over each kind of socket."""

import os
import stat

import pytest
from fido2.client import DefaultClientDataCollector, Fido2Client
from fido2.ctap1 import Ctap1
from fido2.server import Fido2Server

RP = {"id": "example.com", "name": "Example"}


@pytest.mark.parametrize("transport", [None, "tcp:127.0.0.1:0", "udp:127.0.0.1:0"], ids=["unix", "tcp", "udp"])
def test_round(connect, transport):
    _, device = connect(transport=transport)
    message = os.urandom(7609)
    assert device.ping(message) == message
    assert Ctap1(device).get_version() == "U2F_V2"
    client, server = Fido2Client(device, DefaultClientDataCollector("https://example.com")), Fido2Server(RP)
    options, state = server.register_begin({"id": b"user", "name": "someone"}, user_verification="discouraged")
    credential = server.register_complete(state, client.make_credential(options.public_key)).credential_data
    options, state = server.authenticate_begin([credential], "discouraged")
    server.authenticate_complete(state, [credential], client.get_assertion(options.public_key).get_response(0))


def test_socket_is_private(start):
    path = start().address.removeprefix("unix:")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700
