"""Prints a table of the checks that ran: report.py FOLDER SUITE...

FOLDER has for each suite SUITE.xml (JUnit, from pytest, Node or Maven), SUITE.json
(go test -json) or SUITE.cargo (what cargo test prints), and SUITE.library, which
names the software of the suite. The exit code is 0 if every suite has checks, and
each passed.
"""

import json
import re
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

VERDICTS = {"pass": "PASS", "fail": "FAIL", "skip": "SKIP"}
CARGO_VERDICTS = {"ok": "PASS", "FAILED": "FAIL", "ignored": "SKIP"}


def of_junit(path):
    """Yields the name, the verdict and the seconds of each check."""
    for case in xml.parse(path).iter("testcase"):
        failures = {child.tag for child in case} & {"failure", "error", "skipped"}
        verdict = "PASS" if not failures else "SKIP" if failures == {"skipped"} else "FAIL"
        module = case.get("classname", "").rsplit(".", 1)[-1]
        prefix = "" if module == "test" else f"{module}."  # as Node says of all
        yield prefix + case.get("name"), verdict, float(case.get("time", 0))


def of_go(path):
    """Yields the same for tests without subtests. What failed has its output printed."""
    events = [json.loads(line) for line in path.read_text().splitlines()]
    names = {event["Test"] for event in events if "Test" in event}
    parents = {name.rsplit("/", 1)[0] for name in names if "/" in name}
    output = {}
    for event in events:
        name, action = event.get("Test"), event["Action"]
        if action in ("output", "build-output"):
            output.setdefault(name, []).append(event["Output"])
        if action == "fail":
            sys.stdout.writelines(output.get(name, []))
        if action in VERDICTS and name is not None and (name not in parents or action == "fail"):
            yield name, VERDICTS[action], event["Elapsed"]
    if not names:
        sys.stdout.writelines(line for lines in output.values() for line in lines)


def of_cargo(path):
    """Yields the same; cargo does not tell how long a test took."""
    for name, verdict in re.findall(r"^test (\S+) \.\.\. (ok|FAILED|ignored)", path.read_text(), re.MULTILINE):
        yield name, CARGO_VERDICTS[verdict], 0


def checks_of(folder, suite):
    for suffix, reader in ((".xml", of_junit), (".json", of_go), (".cargo", of_cargo)):
        path = folder / (suite + suffix)
        if path.exists():
            return list(reader(path))
    return []


def library_of(folder, suite):
    path = folder / f"{suite}.library"
    return path.read_text().strip() if path.exists() else ""


def main(folder, *suites):
    folder = Path(folder)
    table = {suite: checks_of(folder, suite) for suite in suites}
    libraries = {suite: library_of(folder, suite) for suite in suites}
    widths = [max(map(len, names)) for names in (suites, libraries.values())]
    passed = total = 0
    for suite, checks in table.items():
        for name, verdict, seconds in checks or [("no check ran", "FAIL", 0)]:
            print(f"{verdict}  {suite:{widths[0]}}  {libraries[suite]:{widths[1]}}  {seconds:7.2f} s  {name}")
            total += 1
            passed += verdict == "PASS"
    print(f"interop: {passed} of {total} checks passed")
    return passed != total


sys.exit(main(*sys.argv[1:]))
