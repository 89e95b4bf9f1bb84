"""Ceremonies that end before their touch: cancel.py NODE. Nobody touches the key."""

import os
import sys
from threading import Event

from checks import check, equal, run
from fido2.ctap import STATUS, CtapError
from fido2.ctap2 import Ctap2
from fido2.hid import open_device


def asked(device, **options):
    """Asks for a credential; the options say what becomes of that."""
    return Ctap2(device).make_credential(
        os.urandom(32),
        {"id": "example.com", "name": "Example"},
        {"id": b"ada", "name": "ada"},
        [{"type": "public-key", "alg": -7}],
        **options,
    )


@check("CANCEL while the key waits for a touch")
def cancel(device):
    event, seen = Event(), []

    def on_keepalive(status):
        seen.append(status)
        event.set()

    try:
        asked(device, event=event, on_keepalive=on_keepalive)
    except CtapError as e:
        equal(e.code, CtapError.ERR.KEEPALIVE_CANCEL)
    equal(seen[0], STATUS.UPNEEDED)


@check("the key answers at once then")
def answers(device):
    Ctap2(device).get_info()


@check("a client that sends CANCEL and closes without the answer")
def closes(device):
    def on_keepalive(status):
        raise KeyboardInterrupt

    try:
        asked(device, on_keepalive=on_keepalive)
    except KeyboardInterrupt:
        device.close()


if __name__ == "__main__":
    run(open_device(sys.argv[1]))
