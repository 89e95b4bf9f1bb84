"""softkey as these tests use it: the package softkey-testing, with keys that are told by flags what they are."""

import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "python" / "src"))

import softkey_testing  # noqa: E402
from softkey_testing import SoftkeyError as Refused  # noqa: E402
from softkey_testing import ask, run  # noqa: E402
from softkey_testing.program import PATIENCE  # noqa: E402

__all__ = ["PATIENCE", "REPORT_SIZE", "Key", "Refused", "ask", "run", "socket_in"]

REPORT_SIZE = 64


class Key(softkey_testing.Key):
    """A running `softkey run`; stop() or the with statement ends it."""

    def __init__(self, transport, *flags, presence="approve"):
        super().__init__(transport=transport, flags=flags, presence=presence)
        self.process = self._process.popen

    def touch(self):
        """Touches a key of --presence signal, which must be asking for it."""
        self.signal(signal.SIGUSR1)


def socket_in(folder):
    """Returns the address of a socket that `softkey run` may make in folder."""
    return f"unix:{Path(folder) / 'run' / 'key.sock'}"
