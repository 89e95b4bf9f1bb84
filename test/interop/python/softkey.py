"""softkey as these tests use it: the program, a running key, its JSON client."""

import json
import os
import signal
import socket
import subprocess
import threading
from pathlib import Path

PROGRAM = os.environ["SOFTKEY"]
PATIENCE = 20  # seconds until a test gives up on anything that should come soon
REPORT_SIZE = 64


class Key:
    """A running `softkey run`; stop() or the with statement ends it."""

    def __init__(self, transport, *flags, presence="approve"):
        command = [PROGRAM, "run", "--transport", transport, "--presence", presence, *map(str, flags)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        impatient = threading.Timer(PATIENCE, self.process.kill)
        impatient.start()
        line = self.process.stdout.readline()
        impatient.cancel()
        if not line.startswith("ready "):
            self.process.kill()
            raise RuntimeError(f"softkey run printed {line!r}, not ready; {self.process.communicate()[1]}")
        self.address = line.split()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def touch(self):
        """Touches a key of --presence signal, which must be asking for it."""
        self.process.send_signal(signal.SIGUSR1)

    def stop(self):
        """Ends the key as a service manager does, unless it was stopped before."""
        if self.process.returncode is not None:
            return
        self.process.terminate()
        _, messages = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, f"softkey run ended with {self.process.returncode}: {messages}"

    def connect(self):
        """Returns a socket on which each 64 bytes are a report."""
        kind, address = self.address.split(":", 1)
        if kind == "unix":
            conn = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        else:
            host, port = address.rsplit(":", 1)
            address = host, int(port)
            conn = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
        conn.settimeout(PATIENCE)
        conn.connect(address)
        return conn


def run(*args, stdin=""):
    """Runs a softkey command and returns what it printed."""
    done = subprocess.run([PROGRAM, *map(str, args)], input=stdin, capture_output=True, text=True, timeout=PATIENCE)
    if done.returncode != 0:
        raise Refused(done)
    return done.stdout


def ask(*args, request):
    """Runs a softkey command that takes JSON and prints JSON."""
    return json.loads(run(*args, stdin=json.dumps(request)))


class Refused(Exception):
    """A command failed; .code is its exit code, .stdout and .stderr what it said."""

    def __init__(self, done):
        super().__init__(f"{done.args} ended with {done.returncode}: {done.stderr}")
        self.code, self.stdout, self.stderr = done.returncode, done.stdout, done.stderr


def socket_in(folder):
    """Returns the address of a socket that `softkey run` may make in folder."""
    return f"unix:{Path(folder) / 'run' / 'key.sock'}"
