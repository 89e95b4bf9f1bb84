"""Records a terminal session with softkey and draws it as an SVG.

    python3 docs/session/record.py bin/softkey docs/session.svg

Two terminals: in the first the key runs, in the second programs use it. Nothing in
the picture is written by hand but the commands. Needs Python alone.
"""

import fcntl
import html
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

COLUMNS = 92
PATIENCE = 20  # seconds for anything that should come soon
OPTIONS = """{"rp": {"id": "example.com", "name": "Example"}, "challenge": "Y2hhbGxlbmdl",
 "user": {"id": "YWRh", "name": "ada", "displayName": "Ada"},
 "pubKeyCredParams": [{"type": "public-key", "alg": -7}], "authenticatorSelection": {"residentKey": "required"}}"""
# The client's commands, and whether the user is asked to agree.
COMMANDS = (
    ("softkey info | head -5", False),
    ("softkey webauthn create --origin https://example.com <options.json | cut -c1-88", True),
    ("softkey webauthn get --origin https://example.com <request.json | cut -c1-88", True),
)


class Terminal:
    """A shell in a pseudo-terminal: what was typed, and what it showed."""

    def __init__(self, environment):
        pid, self.fd = pty.fork()
        if pid == 0:
            os.execvpe("sh", ["sh"], {**environment, "PS1": "$ ", "TERM": "xterm"})
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
        self.shown = ""
        self.wait("$ ")

    def wait(self, text, after=0):
        """Reads until text was shown, after so many characters."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.shown[after:]:
            if not select.select([self.fd], [], [], max(0, deadline - time.monotonic()))[0]:
                raise TimeoutError(f"{text!r} does not come; there is {self.shown!r}")
            self.shown += os.read(self.fd, 65536).decode()

    def type(self, text):
        """Types text; returns how much had been shown before."""
        before = len(self.shown)
        os.write(self.fd, text.encode())
        return before


def cells(shown):
    """Yields the lines of a terminal, each a list of (character, style)."""
    line, column, style = [], 0, ""
    for escape, character in re.findall(r"\x1b\[\??([\d;]*)[A-Za-z]|([^\x1b])", shown):
        if character == "\n":
            yield line
            line, column = [], 0
        elif character == "\r":
            column = 0
        elif character:
            line[column:column + 1] = [(character, style)]
            column += 1
        else:
            style = {"1": "bold", "32": "good", "31": "bad", "33": "warn"}.get(escape, "")
    yield line


def spans(line):
    """Returns a line as SVG: a tspan for each run of one style."""
    runs = []
    for character, style in line:
        if runs and runs[-1][1] == style:
            runs[-1][0] += character
        else:
            runs.append([character, style])
    return "".join(f'<tspan class="{style}">{html.escape(text)}</tspan>' if style else html.escape(text) for text, style in runs)


def draw(panels):
    """Returns an SVG with a panel for each (title, lines)."""
    width, y, drawn = COLUMNS * 8.43 + 40, 0, []
    for title, lines in panels:
        height = len(lines) * 20 + 46
        drawn.append(f'<rect class="window" x="0.5" y="{y + 0.5}" width="{width - 1}" height="{height}" rx="8"/>')
        drawn.append(f'<text class="title" x="20" y="{y + 22}">{html.escape(title)}</text>')
        for n, line in enumerate(lines):
            drawn.append(f'<text x="20" y="{y + 50 + n * 20}" xml:space="preserve">{spans(line)}</text>')
        y += height + 14
    style = """text { font: 14px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #1f2430; white-space: pre }
.window { fill: #f6f8fa; stroke: #c9d1d9 } .title { fill: #6a737d; font-size: 12px }
.bold { font-weight: bold } .good { fill: #146c3a } .bad { fill: #a3201d } .warn { fill: #8a5a00 }
@media (prefers-color-scheme: dark) { text { fill: #d6dae2 } .window { fill: #161b22; stroke: #30363d } .title { fill: #8b949e }
.good { fill: #6fd49a } .bad { fill: #ff8f88 } .warn { fill: #e3b341 } }"""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {y - 13:.0f}" role="img" '
        f'aria-label="softkey run asks for consent while programs use the key"><style>{style}</style>\n' + "\n".join(drawn) + "\n</svg>\n"
    )


def record(program, folder):
    """Returns what both terminals showed."""
    bin_folder = folder / "bin"
    bin_folder.mkdir()
    (bin_folder / "softkey").symlink_to(program)
    (folder / "options.json").write_text(OPTIONS)
    (folder / "request.json").write_text('{"rpId": "example.com", "challenge": "bG9naW4"}')
    environment = {**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}", "XDG_RUNTIME_DIR": str(folder / "run"), "HOME": str(folder)}
    os.chdir(folder)
    key, programs = Terminal(environment), Terminal(environment)
    key.type("softkey run --ephemeral --transport unix:$XDG_RUNTIME_DIR/softkey/hid.sock\n")
    key.wait("in another terminal")
    for command, asks in COMMANDS:
        asked, before = len(key.shown), programs.type(command + "\n")
        if asks:
            key.wait("approve?", asked)
            key.type("y")
            key.wait("approved", asked)
        programs.wait("\r\n$ ", before + len(command))
    key.type("\x03")
    key.wait("$ ", asked)
    return [("the key", key.shown), ("programs", programs.shown)]


def main(program, picture):
    program, picture = Path(program).resolve(), Path(picture).resolve()
    with tempfile.TemporaryDirectory() as folder:
        terminals = record(program, Path(folder))
    panels = [(title, trim(list(cells(shown.replace(f"{folder}/run", "/run/user/1000"))))) for title, shown in terminals]
    picture.write_text(draw(panels))


def trim(lines):
    """Drops the last prompt and what is empty at the end."""
    while lines and "".join(character for character, _ in lines[-1]).strip() in ("", "$", "^C$"):
        lines.pop()
    return lines


main(*sys.argv[1:])
