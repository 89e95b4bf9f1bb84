"""The acceptance list: which systems must work with softkey, and which checks show it.

    acceptance.py ID...     prints the suites that show those rows of acceptance.txt
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

LIST = Path(__file__).with_name("acceptance.txt")


@dataclass
class Row:
    """A row of the list. shown_by are pairs of a suite and a pattern; without any, reason says why."""

    id: str
    system: str
    what: str
    shown_by: list
    reason: str

    def suites(self):
        return list(dict.fromkeys(suite for suite, _ in self.shown_by))


def rows():
    lines = LIST.read_text().splitlines()
    return [parse(line) for line in lines if line and not line.startswith("#")]


def parse(line):
    id, system, what, checks = line.split(" | ")
    if checks.startswith("- "):
        return Row(id, system, what, [], checks[2:])
    pairs = [check.partition(":") for check in checks.split()]
    return Row(id, system, what, [(suite, pattern) for suite, _, pattern in pairs], "")


def judge(row, table, missing):
    """Returns the verdict on a row and a reason.

    table has of each suite that ran the names and verdicts of its checks; missing says of a suite why some of its
    checks could not run.
    """
    absent = [suite for suite in row.suites() if suite not in table]
    if not row.shown_by or absent:
        return "NOT RUN", row.reason or f"not among the suites of this run: {', '.join(absent)}"
    total = 0
    for suite, pattern in row.shown_by:
        verdicts = {name: verdict for name, verdict in table[suite] if re.search(pattern, name)}
        if not verdicts and suite in missing:
            return "NOT RUN", missing[suite]
        failed = [name for name, verdict in verdicts.items() if verdict != "PASS"]
        if failed or not verdicts:
            return "FAIL", f"{suite}: {failed[0] if failed else f'no check ran that {pattern!r} matches'}"
        total += len(verdicts)
    return "PASS", f"checks: {total}, of {', '.join(row.suites())}"


def main(*ids):
    known = {row.id: row for row in rows()}
    for id in ids:
        if id not in known:
            sys.exit(f"interop: there is no row {id}\ninterop: hint: it is one of {' '.join(known)}")
        if not known[id].shown_by:
            sys.exit(f"interop: {id}: {known[id].reason}")
    print(*dict.fromkeys(suite for id in ids for suite in known[id].suites()))


if __name__ == "__main__":
    main(*sys.argv[1:])
