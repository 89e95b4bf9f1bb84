"""What docs/servers.md tells its reader to paste.

A section is a heading, and below it blocks:

    sh packages   a line that installs packages of Debian, which `run` does for the whole page
    sh install    commands to do once
    sh server     a command for a terminal of its own
    sh            commands; the next block, `text`, is what they print, where … stands for anything in a line
    others        a file, which the comment in its first line names
"""

import re
from dataclasses import dataclass
from pathlib import Path

DOCUMENT = Path(__file__).parents[4] / "docs" / "servers.md"
KINDS = "sh packages", "sh install", "sh server", "sh", "text"
PORT = re.compile(r"(?:localhost:|127\.0\.0\.1:|-p |--port )(\d{4,5})\b")


@dataclass
class Block:
    """A fenced block. kind is one of KINDS, or "file"."""

    kind: str
    text: str

    def file_name(self):
        """Returns the name in the first line, such as `# login.py`."""
        line = self.text.removeprefix("<?php").strip().partition("\n")[0]
        return re.fullmatch(r"(?:#|//) (\w+\.\w+)", line)[1]

    def ports(self):
        return set(PORT.findall(self.text))


@dataclass
class Section:
    title: str
    blocks: list[Block]

    def ports(self):
        return set().union(*(block.ports() for block in self.blocks))

    def with_ports(self, others):
        """Returns the section with other ports in the place of its own, which are the keys of a dict."""

        def other(found):
            return others.get(found[0], found[0])

        return Section(self.title, [Block(block.kind, re.sub(r"\b\d{4,5}\b", other, block.text)) for block in self.blocks])


def sections(document):
    """Returns the sections that have blocks."""
    parts = re.split(r"^## (.*)\n", document, flags=re.MULTILINE)[1:]
    return [Section(title, blocks(text)) for title, text in zip(parts[::2], parts[1::2]) if "\n```" in text]


def blocks(text):
    fenced = re.findall(r"^```([^\n]+)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    return [Block(info if info in KINDS else "file", content) for info, content in fenced]


def matches(printed, wanted):
    """Tells whether a command printed what a block `text` says."""
    pattern = ".*".join(map(re.escape, wanted.strip().split("…")))
    return re.fullmatch(pattern, printed.strip()) is not None
