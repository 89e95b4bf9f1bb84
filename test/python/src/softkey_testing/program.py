"""The program softkey, and its commands that take JSON and print JSON."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

PATIENCE = 120  # seconds until a command is given up; those that wait for a user give up by themselves after 60


class SoftkeyError(Exception):
    """What softkey said when it failed.

    exit_code is 1 for a failure, 2 for wrong usage, 3 for a refusal of the key or one as a browser's, and None if the
    program did not run to its end. stdout is what it printed.
    name is that of the exception which a page would see, such as "NotAllowedError", and error_code that of the
    U2F JavaScript API, such as 4, DEVICE_INELIGIBLE; None where there is none.
    """

    def __init__(self, message: str, exit_code: int | None = None, stdout: str = "") -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.stdout = stdout
        seen = json.loads(stdout) if stdout.startswith("{") else {}
        self.name: str | None = seen.get("name")
        self.error_code: int | None = seen.get("errorCode")


def find_program(given: str | os.PathLike[str] | None = None) -> str:
    """Returns the path of the program: given, or $SOFTKEY, or on the PATH."""
    found = given or os.environ.get("SOFTKEY") or shutil.which("softkey")
    if not found:
        raise SoftkeyError(
            'softkey is not on the PATH: in its repository run "go build -o softkey ./cmd/softkey", '
            "and set SOFTKEY to the path of that file"
        )
    return os.fspath(found)


def run(
    *args: object,
    stdin: str = "",
    program: str | os.PathLike[str] | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Runs a softkey command, with env added to the environment, and returns what it printed."""
    command = [find_program(program), *map(str, args)]
    try:
        done = subprocess.run(
            command, input=stdin, capture_output=True, text=True, timeout=PATIENCE, env={**os.environ, **(env or {})}
        )
    except OSError as e:
        raise SoftkeyError(f"softkey does not start: {e}") from e
    if done.returncode != 0:
        message = re.sub(r"^softkey: ", "", done.stderr, flags=re.MULTILINE).strip()
        raise SoftkeyError(message or f"softkey ended with {done.returncode}", done.returncode, done.stdout)
    return done.stdout


def ask(*args: object, request: object, **how: Any) -> Any:
    """Runs a softkey command that takes JSON and prints JSON; how is as for run."""
    return json.loads(run(*args, stdin=json.dumps(request), **how))
