"""python-fido2's example server on a port of its own: serve.py FOLDER, with that example in the folder."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), sys.argv[1]]

from server.server import app  # noqa: E402
from serving import serve  # noqa: E402

serve(app)
