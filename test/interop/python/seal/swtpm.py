"""A TPM 2 in software, as swtpm is one: its state is a folder, and it answers bare commands on a socket."""

import socket
import struct
import subprocess
import time

PATIENCE = 30  # seconds

PCR_EXTEND = 0x182
SHA256 = 0x0B
PASSWORD = struct.pack(">IHBH", 0x40000009, 0, 0, 0)  # an authorization by no password


class TPM:
    """A running swtpm. The same folder makes the same TPM again, with its registers as after a restart of the machine."""

    def __init__(self, state, path):
        self.path = path
        self.address = f"unix:{path}"
        path.unlink(missing_ok=True)
        state.mkdir(exist_ok=True)
        self.process = subprocess.Popen([
            "swtpm", "socket", "--tpm2", "--tpmstate", f"dir={state}",
            "--server", f"type=unixio,path={path}", "--flags", "not-need-init,startup-clear",
        ])

    def __enter__(self):
        end = time.monotonic() + PATIENCE
        while not self.answers():
            assert time.monotonic() < end and self.process.poll() is None, "swtpm does not start"
            time.sleep(0.05)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE)

    def answers(self):
        try:
            self.connect().close()
        except OSError:
            return False
        return True

    def connect(self):
        conn = socket.socket(socket.AF_UNIX)
        conn.settimeout(PATIENCE)
        try:
            conn.connect(str(self.path))
        except OSError:
            conn.close()
            raise
        return conn

    def extend(self, register):
        """Extends a PCR, as a machine does that starts another system."""
        digests = struct.pack(">IH", 1, SHA256) + bytes(32)
        body = struct.pack(">II", register, len(PASSWORD)) + PASSWORD + digests
        with self.connect() as conn:
            conn.sendall(struct.pack(">HII", 0x8002, 10 + len(body), PCR_EXTEND) + body)
            answer = conn.recv(4096)
        assert struct.unpack(">I", answer[6:10]) == (0,), answer.hex()
