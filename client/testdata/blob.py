"""Has python-fido2 read the large blob of blob.txt, which package client made.

    pip install fido2==2.2.1 && python3 blob.py
"""

import pathlib

from fido2 import cbor
from fido2.ctap2.blob import _decompress, _lb_unpack

v = dict(line.split(": ", 1) for line in (pathlib.Path(__file__).parent / "blob.txt").read_text().splitlines())
compressed, size = _lb_unpack(bytes.fromhex(v["key"]), cbor.decode(bytes.fromhex(v["element"])))
blob = _decompress(compressed)
assert len(blob) == size and blob == bytes.fromhex(v["blob"])
