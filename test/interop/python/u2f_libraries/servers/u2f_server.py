"""libu2f-server's program u2f-server, which judges a response in the process that asked for it."""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

app_id, origin = sys.argv[1:3]
asked = None  # the process that waits for a response


def begin(action, folder):
    """Returns the request that u2f-server prints."""
    global asked
    if asked:
        asked.communicate()
    command = ["stdbuf", "-o0", "u2f-server", f"-a{action}", "-i", app_id, "-o", origin, "-k", folder / "handle", "-p", folder / "key"]
    asked = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return json.loads(asked.stdout.readline())


def end(response):
    said, _ = asked.communicate(response)
    if asked.returncode != 0:
        return {"error": said}
    counter = re.search(r"counter: (\d+), user presence 1", said)
    return {"ok": True, "counter": int(counter[1])} if counter else {"ok": True}


with tempfile.TemporaryDirectory() as temporary:
    folder = Path(temporary)
    steps = {
        "register": lambda _: begin("register", folder), "bind": end,
        "sign": lambda _: begin("authenticate", folder), "verify": end,
    }
    for line in sys.stdin:
        step, _, response = line.strip().partition(" ")
        print(json.dumps(steps[step](response)), flush=True)
    if asked:
        asked.communicate()
