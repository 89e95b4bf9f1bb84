"""The extensions that softkey's client asks keys for, and which of their outputs the authenticator data have.

testdata/extensions.json is the table: what a site asks for and what it sees, at registration and at sign-in.
"""

import json
from pathlib import Path

import pytest

EXTENSIONS = json.loads((Path(__file__).parents[1] / "testdata" / "extensions.json").read_text())

each_extension = pytest.mark.parametrize("extension", EXTENSIONS, ids=lambda extension: extension["name"])
