"""A pytest plugin for python-fido2's own tests of devices, which come with its sources.

They want one key in a USB port, and a bench controller that presses it, pulls it
and plugs it in: an address that they speak HTTP to. Here the port is a socket,
and the controller passes on what it hears to the control socket of softkey.
"""

import http.server
import tempfile
import threading
from pathlib import Path

import fido2.hid
from fido2.hid import CtapHidDevice
from fido2.hid.base import HidDescriptor
from softkey import REPORT_SIZE, Key, socket_in
from softkey_testing.hid import SocketConnection

PROFILE = Path(__file__).with_name("everything.json")


class Bench:
    """A key in a port, and the hand on it."""

    def __init__(self, folder):
        self.key = Key(socket_in(folder), "--profile", PROFILE, "--verification", "approve")
        self.plugged = True

    def power(self, on):
        (self.key.plug if on else self.key.unplug)()
        self.plugged = on

    def descriptors(self):
        if not self.plugged:
            return []
        return [HidDescriptor(self.key.address, 0xF1D0, 0x5F01, REPORT_SIZE, REPORT_SIZE, "softkey", None)]

    def open(self, _):
        return SocketConnection(self.key.connect())


class Controller(http.server.BaseHTTPRequestHandler):
    """The controller's requests: /usbN/power/on, power/off, touch/on, touch/off. Touches are not needed."""

    bench = None

    def do_GET(self):
        if "/power/" in self.path:
            self.bench.power(self.path.endswith("/on"))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        """Says nothing."""


class Plugin:
    def __init__(self, config):
        self.folder = tempfile.TemporaryDirectory()
        self.bench = Controller.bench = Bench(Path(self.folder.name))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Controller)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        config.option.controller = f"http://127.0.0.1:{self.server.server_port}"
        config.option.ep_rp_id = "enterprise.example.com"

    def pytest_unconfigure(self):
        self.server.shutdown()
        self.bench.key.stop()
        self.folder.cleanup()


def pytest_configure(config):
    config.pluginmanager.register(Plugin(config))


# Before the tests import them.
fido2.hid.list_descriptors = lambda: Controller.bench.descriptors()
fido2.hid.open_connection = lambda _: Controller.bench.open(None)
fido2.hid.open_device = lambda _: CtapHidDevice(Controller.bench.descriptors()[0], Controller.bench.open(None))
