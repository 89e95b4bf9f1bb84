"""docs/servers.md: each recipe works as pasted, but for its ports, which may be taken here."""

import pytest
from desk import PYTHON27, Desk
from recipe import DOCUMENT, Block, Section, matches, sections

SECTIONS = sections(DOCUMENT.read_text())


def needs_python27(section):
    return any("python2.7" in block.text for block in section.blocks)


POSSIBLE = [section for section in SECTIONS if PYTHON27 or not needs_python27(section)]


@pytest.mark.parametrize("section", POSSIBLE, ids=lambda section: section.title)
def test_section(section, tmp_path):
    with Desk(tmp_path) as desk:
        desk.follow(section)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.title)
def test_form(section):
    """Nothing in a section is left out: files have names, and commands something to compare with."""
    kinds = [block.kind for block in section.blocks]
    assert [kinds[i + 1 : i + 2] for i, kind in enumerate(kinds) if kind == "sh"] == [["text"]] * kinds.count("sh")
    assert kinds.count("text") == kinds.count("sh") > 0
    for block in section.blocks:
        if block.kind == "file":
            assert block.file_name()
        if block.kind == "sh packages":
            assert block.text.startswith("apt-get install ") and block.text.count("\n") == 1


def test_other_output(tmp_path):
    """A recipe that prints something else fails."""
    section = Section("greeting", [Block("sh", "echo good night\n"), Block("text", "good morning\n")])
    with Desk(tmp_path) as desk, pytest.raises(AssertionError, match="got:\ngood night\n"):
        desk.follow(section)


def test_failure(tmp_path):
    """A recipe of which a command fails does, whatever the last one says."""
    section = Section("failure", [Block("sh", "false | echo a\necho b\n"), Block("text", "a\nb\n")])
    with Desk(tmp_path) as desk, pytest.raises(AssertionError, match="ended with 1"):
        desk.follow(section)


def test_server_that_ends(tmp_path):
    section = Section("server", [Block("sh server", "echo no; : localhost:8081\n")])
    with Desk(tmp_path) as desk, pytest.raises(AssertionError, match="does not listen:\nno\n"):
        desk.follow(section)


@pytest.mark.parametrize(
    "printed, wanted, same",
    [
        ("a b\n", "a b\n", True),
        ("a 12 b\n", "a … b\n", True),
        ("a\nc", "a\nb", False),
        ("a\nb", "a", False),
        ("a\nb", "a…", False),
        ("a.c", "a.c", True),
        ("abc", "a.c", False),
    ],
)
def test_matches(printed, wanted, same):
    assert matches(printed, wanted) == same
