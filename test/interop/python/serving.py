"""Serves a WSGI application to the test that started this program, which web.Server does."""

import os
import sys
import threading

from werkzeug.serving import make_server


def serve(app):
    """Answers on a port of loopback, which a line on standard output names, until standard input ends.

    What the application prints after that line goes to standard error.
    """
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    print(f"ready {server.socket.getsockname()[1]}", flush=True)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.stdin.read()
    server.shutdown()
    thread.join()
