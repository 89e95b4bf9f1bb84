"""A stranger with an empty project takes the examples of docs/testing.md and runs the jobs of the workflow."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(os.environ["SOFTKEY_REPOSITORY"])
PAGE = (REPOSITORY / "docs/testing.md").read_text()
JOBS = yaml.safe_load((REPOSITORY / "docs/github-actions.yml").read_text())["jobs"]

PROJECTS = {
    "go": {"passkey_test.go": "go", "go.mod": "module example.com/login\n"},
    "python": {"test_passkey.py": "python"},
    "node": {"passkey.test.mjs": "js"},
}
PASSED = {"go": r"^ok  \texample.com/login\t", "python": r" 1 passed in ", "node": r"^(#|ℹ) pass 1$"}


def fenced(language):
    return re.search(f"```{language}\n(.*?)```", PAGE, re.DOTALL)[1]


@pytest.mark.parametrize("language", sorted(JOBS))
def test_stranger(language, tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "softkey").symlink_to(REPOSITORY)
    for name, content in PROJECTS[language].items():
        (project / name).write_text(content if "\n" in content else fenced(content))
    environment = {name: value for name, value in os.environ.items() if name not in ("SOFTKEY", "PYTHONPATH")}
    output = ""
    for step in JOBS[language]["steps"]:
        if "run" in step:
            output += run(step["run"], tmp_path / step["working-directory"], environment)
    assert re.search(PASSED[language], output, re.MULTILINE), output


def run(commands, folder, environment):
    """Runs the commands of a step as the workflow's runner does, and returns what they print."""
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", commands],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
