"""Where a recipe is pasted: a folder beside a checkout, softkey in the PATH, and a key that is plugged in."""

import hashlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from recipe import matches
from softkey import Key
from softkey_testing.program import find_program

CHECKOUT = Path(__file__).parents[4]
CACHE = Path(os.environ["RECIPES_CACHE"])  # what `sh install` made
PYTHON27 = os.environ["RECIPES_PYTHON27"]  # empty: there is none
START = 300  # seconds that a server may take to be built and to listen, or a block to end
INSTALL = 1200


class Desk:
    """The with statement plugs a key in, and ends it and the servers."""

    def __init__(self, folder):
        self.folder = folder / "project"
        self.folder.mkdir()
        (folder / "softkey").symlink_to(CHECKOUT)
        programs, runtime = folder / "bin", folder / "runtime"
        programs.mkdir()
        runtime.mkdir(mode=0o700)
        (programs / "softkey").symlink_to(find_program())
        if PYTHON27:
            (programs / "python2.7").symlink_to(PYTHON27)
        self.environment = {
            **os.environ,
            "PATH": f"{programs}:{os.environ['PATH']}",
            "XDG_RUNTIME_DIR": str(runtime),
            "XDG_DATA_HOME": str(folder / "data"),
        }
        self.key = Key(f"unix:{runtime}/softkey/hid.sock")
        self.log = folder / "servers.log"
        self.servers = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.servers:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)
            server.wait()
        self.key.stop()

    def follow(self, section):
        """Does what a section says."""
        section = section.with_ports({port: free_port() for port in section.ports()})
        printed = None
        for block in section.blocks:
            if block.kind == "file":
                self.write(block)
            elif block.kind == "sh install":
                self.install(block.text)
            elif block.kind == "sh server":
                self.serve(block)
            elif block.kind == "sh":
                printed = self.bash(block.text, self.folder, START)
            elif block.kind == "text":
                assert matches(printed, block.text), f"got:\n{printed}\nwant:\n{block.text}"

    def write(self, block):
        file = self.folder / block.file_name()
        file.unlink(missing_ok=True)  # a link to one that was installed
        file.write_text(block.text)

    def bash(self, text, folder, seconds):
        """Returns what commands print; what goes wrong is told by the test."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=folder, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds,
        )  # fmt: skip
        assert done.returncode == 0, f"{text}ended with {done.returncode}:\n{done.stdout}{done.stderr}{self.said()}"
        return done.stdout

    def said(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def install(self, text):
        """Has what commands install in the folder: it is made once, for each text of them."""
        place = CACHE / hashlib.sha256((sys.version + text).encode()).hexdigest()[:16]
        complete, made_here = place / "complete", place / "project"
        if not complete.exists():
            shutil.rmtree(place, ignore_errors=True)
            made_here.mkdir(parents=True)
        checkout = place / "softkey"
        checkout.unlink(missing_ok=True)
        checkout.symlink_to(CHECKOUT)
        if not complete.exists():
            self.bash(text, made_here, INSTALL)
            complete.touch()
        for made in made_here.iterdir():
            (self.folder / made.name).symlink_to(made)

    def serve(self, block):
        """Starts a server, and returns when its ports answer."""
        with open(self.log, "ab") as log:
            server = subprocess.Popen(
                ["bash", "-euo", "pipefail", "-c", block.text],
                cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.servers.append(server)
        deadline = time.monotonic() + START
        while not all(map(answers, block.ports())):
            assert server.poll() is None and time.monotonic() < deadline, f"{block.text}does not listen:\n{self.said()}"
            time.sleep(0.05)


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(port))) == 0


def free_port():
    """Returns a port that nobody listens on, and that no connection is given by chance."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return str(port)
