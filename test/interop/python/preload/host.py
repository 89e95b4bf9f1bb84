"""A machine as Debian's programs see it, with keys plugged in: on sockets, and by ../../preload/hidraw.c in /dev."""

import os
import subprocess
from pathlib import Path

from softkey import Key, socket_in

PATIENCE = 60  # seconds until a program that hangs is a failure
SOURCE = Path(__file__).parents[2] / "preload" / "hidraw.c"
NODE = "/dev/hidraw0"


def build(folder):
    """Compiles the library that is preloaded, and returns its path."""
    library = folder / "hidraw.so"
    flags = "-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"
    subprocess.run(["cc", *flags, "-o", library, SOURCE], check=True, timeout=PATIENCE)
    return library


class Host:
    """Plugs keys in, and runs programs in a folder that see them."""

    def __init__(self, library, folder):
        self.library, self.folder, self.keys = library, folder, []

    def plug(self, *flags, presence="approve"):
        """Starts a key that forgets at the end, and returns the name of its node."""
        address = socket_in(self.folder / f"key{len(self.keys)}")
        self.keys.append(Key(address, "--ephemeral", *flags, presence=presence))
        return f"/dev/hidraw{len(self.keys) - 1}"

    def unplug(self):
        """Takes all keys out. The next one that is plugged in is the first again."""
        for key in self.keys:
            key.stop()
        self.keys = []

    def run(self, *command, typing=(), status=0, keys=None, **environment):
        """Returns what a program prints, which must end with the status.

        It has no terminal, so that libfido2's tools read the lines of typing
        where they would ask a person. keys replaces the addresses of the keys
        that are plugged in.
        """
        environment = {
            **os.environ,
            "LD_PRELOAD": str(self.library),
            "SOFTKEY_HIDRAW": ",".join(key.address for key in self.keys) if keys is None else keys,
            **environment,
        }
        done = subprocess.run(
            list(map(str, command)),
            input="".join(f"{line}\n" for line in typing),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            cwd=self.folder,
            start_new_session=True,
            timeout=PATIENCE,
        )
        assert done.returncode == status, f"{command} ended with {done.returncode}, not {status}: {done.stdout}"
        return done.stdout
