"""A security key that is plugged in."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from softkey_testing.hand import Hand
from softkey_testing.program import SoftkeyError, ask, find_program

PATIENCE = 60  # seconds until a key is given up that says nothing when it should


class Key:
    """A security key that is plugged in until stop, the end of a with statement, or that of the program.

    Without arguments it is in memory, and its user agrees to everything. Keys share nothing.

    presence          who agrees: "approve", "deny", "ignore", "once", "polls:N", "approve:D", "command:CMD",
                      or "control": touch and refuse
    presence_timeout  how long a touch is waited for, such as "5s"; 30s
    verification      built-in user verification: "none", "approve", "deny", "control", "command:CMD"
    profile           what the key is: "u2f", "fido2.0", …, or the path of a JSON profile
    pin               its PIN, which create and get give where it is needed
    origin            that of the page; by default it is "https://" and the RP ID
    state             a folder to keep the key in
    seed              hexadecimal, 16 bytes or more: the same test gives the same keys each time
    transport         where it is plugged in instead of at a Unix socket: "tcp:127.0.0.1:0", "uhid", …
    flags             further flags of `softkey run`
    program           the path of softkey; by default $SOFTKEY, or on the PATH
    """

    def __init__(
        self,
        *,
        presence: str = "approve",
        presence_timeout: str | None = None,
        verification: str | None = None,
        profile: str | os.PathLike[str] | None = None,
        pin: str | None = None,
        origin: str | None = None,
        state: str | os.PathLike[str] | None = None,
        seed: str | None = None,
        transport: str | None = None,
        flags: Sequence[object] = (),
        program: str | os.PathLike[str] | None = None,
    ) -> None:
        self.program = find_program(program)
        self.pin = pin
        self.origin = origin
        folder = Path(tempfile.mkdtemp(prefix="softkey-"))
        self._hand = Hand(folder / "hand.sock")
        given = {
            "--transport": transport or f"unix:{folder / 'hid.sock'}",
            "--control": f"unix:{folder / 'hand.sock'}",
            "--presence": presence,
            "--presence-timeout": presence_timeout,
            "--verification": verification,
            "--profile": profile,
            "--state": state,
            "--seed": seed,
            "--pin-file": _write_pin(folder, pin),
        }
        further = [str(flag) for flag in flags]
        command = [self.program, "run", "--json"]
        for flag, value in given.items():
            command += [] if value is None else [flag, os.fspath(value)]
        if state is None and "--state" not in further:
            command.append("--ephemeral")
        self._process = _Process([*command, *further], folder)
        #: The key for `softkey … --device`.
        self.address = self._process.ready(2)[0]
        #: Where its Unix socket is: each 64 bytes on it are a CTAPHID report.
        self.path = self.address.removeprefix("unix:")

    def __enter__(self) -> Key:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends the key; more than once does nothing more."""
        self._process.stop()

    def create(self, options: Mapping[str, Any], *, origin: str | None = None) -> dict[str, Any]:
        """Registers, as navigator.credentials.create.

        Takes PublicKeyCredentialCreationOptionsJSON of WebAuthn Level 3, with or without "publicKey" around it, and
        returns RegistrationResponseJSON.
        """
        return self._webauthn("create", options, origin)

    def get(self, options: Mapping[str, Any], *, origin: str | None = None) -> dict[str, Any]:
        """Signs in, as navigator.credentials.get.

        Takes PublicKeyCredentialRequestOptionsJSON, likewise, and returns AuthenticationResponseJSON.
        """
        return self._webauthn("get", options, origin)

    def register(self, request: Mapping[str, Any], *, origin: str | None = None) -> dict[str, Any]:
        """Registers in U2F: takes a server's request, in any dialect, and returns a browser's response."""
        return self._u2f("register", request, origin)

    def authenticate(self, request: Mapping[str, Any], *, origin: str | None = None) -> dict[str, Any]:
        """Signs in, in U2F."""
        return self._u2f("authenticate", request, origin)

    def _webauthn(self, command: str, options: Mapping[str, Any], origin: str | None) -> dict[str, Any]:
        env = {} if self.pin is None else {"SOFTKEY_PIN": self.pin}
        page = ["--origin", origin or self.origin or _origin_of(options)]
        response: dict[str, Any] = ask(
            "webauthn", command, *page, "--device", self.address, request=options, program=self.program, env=env
        )
        return response

    def _u2f(self, command: str, request: Mapping[str, Any], origin: str | None) -> dict[str, Any]:
        origin = origin or self.origin
        if not origin:
            raise SoftkeyError("whose page is it? Give origin= to this call, or to Key")
        response: dict[str, Any] = ask(
            "u2f", command, "--origin", origin, "--device", self.address, request=request, program=self.program
        )
        return response

    def touch(self, wait: str = "30s") -> dict[str, Any]:
        """Touches a key of presence "control", and returns the prompt.

        It waits up to so long for the key to ask, so it is for another thread than that which asks: see touched.
        """
        return self._hand.answer("touch", wait)

    def refuse(self, wait: str = "30s") -> dict[str, Any]:
        """Declines, likewise."""
        return self._hand.answer("refuse", wait)

    @contextmanager
    def touched(self, wait: str = "30s") -> Iterator[None]:
        """Touches the key once, when it asks for that in the body of a with statement."""
        with _meanwhile(lambda: self.touch(wait)):
            yield

    @contextmanager
    def refused(self, wait: str = "30s") -> Iterator[None]:
        """Declines once, likewise."""
        with _meanwhile(lambda: self.refuse(wait)):
            yield

    def unplug(self) -> None:
        """Takes the key out."""
        self._hand.ask("POST", "unplug")

    def plug(self) -> None:
        """Plugs it in again, powered up anew."""
        self._hand.ask("POST", "plug")

    def state(self) -> dict[str, Any]:
        """Tells whether the key is plugged in, and what it asks."""
        return self._hand.ask("GET", "state")

    def signal(self, number: int) -> None:
        """Sends the process a signal, such as a touch of presence "signal"."""
        self._process.popen.send_signal(number)

    def connect(self, timeout: float | None = PATIENCE) -> socket.socket:
        """Returns a socket on which each 64 bytes are a report."""
        kind, _, place = self.address.partition(":")
        target: str | tuple[str, int] = place
        if kind == "unix":
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        else:
            host, _, port = place.rpartition(":")
            target = host, int(port)
            connection = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
        connection.settimeout(timeout)
        connection.connect(target)
        return connection


class _Process:
    """`softkey run`, with a folder of its own that goes with it."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self._messages = folder / "messages"
        try:
            with self._messages.open("w") as messages:
                self.popen = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=messages, text=True
                )
        except OSError as e:
            shutil.rmtree(folder)
            raise SoftkeyError(f"softkey does not start: {e}") from e
        self._end = weakref.finalize(self, _end, self.popen, folder)

    def ready(self, count: int) -> list[str]:
        """Returns the addresses of the first lines that the process prints."""
        assert self.popen.stdout
        impatient = threading.Timer(PATIENCE, self.popen.kill)
        impatient.start()
        lines = [self.popen.stdout.readline() for _ in range(count)]
        impatient.cancel()
        if not all(lines):
            raise self._failure()
        return [json.loads(line)["address"] for line in lines]

    def stop(self) -> None:
        if not self._end.alive:
            return
        self.popen.terminate()
        if self.popen.wait(PATIENCE) != 0:
            raise self._failure()
        self._end()

    def _failure(self) -> SoftkeyError:
        """Ends the process, and returns the error that it ended for."""
        code = self.popen.wait(PATIENCE)
        error = SoftkeyError(f"softkey ended with {code}: {self._messages.read_text().strip()}", code)
        self._end()
        return error


def _end(process: subprocess.Popen[str], folder: Path) -> None:
    """Ends a process and removes its folder."""
    process.terminate()
    process.wait(PATIENCE)
    if process.stdout:
        process.stdout.close()
    shutil.rmtree(folder, ignore_errors=True)


def _write_pin(folder: Path, pin: str | None) -> Path | None:
    if pin is None:
        return None
    path = folder / "pin"
    path.touch(0o600)
    path.write_text(f"{pin}\n")
    return path


def _origin_of(options: Mapping[str, Any]) -> str:
    """Returns the origin that goes with the RP ID of some options."""
    options = options.get("publicKey") or options
    rp_id = (options.get("rp") or {}).get("id") or options.get("rpId")
    if not rp_id:
        raise SoftkeyError("the options have no RP ID: give origin= to this call, or to Key")
    return f"https://{rp_id}"


@contextmanager
def _meanwhile(act: Callable[[], object]) -> Iterator[None]:
    """Runs act beside the body of a with statement, and waits for its end."""
    with ThreadPoolExecutor(1) as pool:
        acted = pool.submit(act)
        yield
        acted.result()
