"""Prints a table of the checks that ran, and the acceptance list: report.py FOLDER SUITE...

FOLDER has for each suite SUITE.xml (JUnit, from pytest, Node or Maven), SUITE.json
(go test -json) or SUITE.cargo (what cargo test prints); SUITE.library, which names
the software of the suite; and SUITE.missing, if some of its checks could not run:
why. The exit code is 0 if every suite has checks, each passed, and no row of the
list failed.
"""

import json
import re
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

import acceptance

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


def notes_of(folder, suites, suffix):
    """Returns what the files SUITE.suffix say, of the suites that have one."""
    paths = {suite: folder / f"{suite}.{suffix}" for suite in suites}
    return {suite: path.read_text().strip() for suite, path in paths.items() if path.exists()}


def print_acceptance(table, libraries, missing):
    """Prints a line for each row of the acceptance list, and tells whether one failed."""
    checks = {suite: [(name, verdict) for name, verdict, _ in of_suite] for suite, of_suite in table.items()}
    failed = False
    for row in acceptance.rows():
        verdict, reason = acceptance.judge(row, checks, missing)
        versions = "; ".join(libraries[suite] for suite in row.suites() if suite in libraries)
        system = f"{row.system} [{versions}]" if versions else row.system
        print(f"{verdict:7}  {row.id:6}  {system}: {row.what} ({reason})")
        failed |= verdict == "FAIL"
    return failed


def main(folder, *suites):
    folder = Path(folder)
    table = {suite: checks_of(folder, suite) for suite in suites}
    libraries = notes_of(folder, suites, "library")
    widths = [max(map(len, names), default=0) for names in (suites, libraries.values())]
    passed = total = 0
    for suite, checks in table.items():
        library = libraries.get(suite, "")
        for name, verdict, seconds in checks or [("no check ran", "FAIL", 0)]:
            print(f"{verdict}  {suite:{widths[0]}}  {library:{widths[1]}}  {seconds:7.2f} s  {name}")
            total += 1
            passed += verdict == "PASS"
    failed = print_acceptance(table, libraries, notes_of(folder, suites, "missing"))
    print(f"interop: {passed} of {total} checks passed")
    return failed or passed != total


sys.exit(main(*sys.argv[1:]))
