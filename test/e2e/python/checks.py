"""Rows of the table, from Python. test/e2e/run tells of their format."""

import sys
import time
import traceback
from importlib.metadata import version

_checks = []


def check(name):
    """Makes a function a scenario: it passes unless it raises."""

    def decorate(function):
        _checks.append((name, function))
        return function

    return decorate


def run(*arguments):
    """Runs the scenarios in order, each with the arguments."""
    for name, function in _checks:
        begin = time.monotonic()
        try:
            function(*arguments)
            outcome = "ok"
        except Exception:
            outcome = "failed"
            traceback.print_exc(file=sys.stdout)
        seconds = time.monotonic() - begin
        print("result", name, "python-fido2", version("fido2"), outcome, f"{seconds:.2f}", sep="\t", flush=True)


def note(text):
    """Prints a line under the table."""
    print("note", text, sep="\t", flush=True)


def equal(got, want):
    if got != want:
        raise AssertionError(f"got {got!r}, want {want!r}")
