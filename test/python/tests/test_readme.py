"""The README's example works as pasted, its commands as written."""

import os
import re
import subprocess
from pathlib import Path

REPOSITORY = Path(os.environ["SOFTKEY_REPOSITORY"])
README = (REPOSITORY / "test/python/README.md").read_text()


def fenced(language):
    return re.search(f"```{language}\n(.*?)```", README, re.DOTALL)[1]


def test_a_stranger_follows_the_readme(tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "softkey").symlink_to(REPOSITORY)
    (project / "test_passkey.py").write_text(fenced("python"))
    env = {name: value for name, value in os.environ.items() if name not in ("SOFTKEY", "PYTHONPATH")}
    done = subprocess.run(
        ["bash", "-euc", fenced("sh")], cwd=project, env=env, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
