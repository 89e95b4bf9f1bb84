"""LinOTP in a folder: serve27.py FOLDER PACKAGES SOURCE [localhost:PORT] makes its database and keys, and serves it.

For Python 2.7. What `paster setup-app` and `paster serve` do is done by their steps, because LinOTP as a package
wants LDAP. It answers on a port of loopback, any unless one is given, which a line on standard output names, until
standard input ends.
"""

import os
import site
import subprocess
import sys
import threading
from wsgiref.simple_server import WSGIRequestHandler, make_server

folder, packages, source = sys.argv[1:4]
port = int(sys.argv[4].rpartition(":")[2]) if sys.argv[4:] else 0
site.addsitedir(packages)
sys.path.insert(0, source)

from linotp.config.environment import load_environment  # noqa: E402

DATABASE = "sqlite:///%s/linotp.sqlite" % folder
GLOBAL = {
    "here": folder,
    "__file__": os.path.join(folder, "linotp.ini"),
    "debug": "false",
    "linotpAudit.key.private": os.path.join(folder, "private.pem"),
    "linotpAudit.key.public": os.path.join(folder, "public.pem"),
    "linotpAudit.sql.url": DATABASE,
    "linotpSecretFile": os.path.join(folder, "enckey"),
    "radius.dictfile": os.path.join(source, "config", "dictionary"),
}
LOCAL = {
    "sqlalchemy.url": DATABASE,
    "full_stack": "true",
    "static_files": "true",
    "who.config_file": os.path.join(source, "config", "who.ini"),
    "who.log_level": "warning",
    "who.log_file": os.path.join(folder, "who.log"),
    "cache_dir": os.path.join(folder, "cache"),
    "custom_templates": os.path.join(folder, "templates"),
}


class Handler(WSGIRequestHandler):
    def address_string(self):  # without a look at the DNS
        return self.client_address[0]


def make_keys():
    with open(GLOBAL["linotpSecretFile"], "wb") as key:
        key.write(os.urandom(96))
    private, public = GLOBAL["linotpAudit.key.private"], GLOBAL["linotpAudit.key.public"]
    subprocess.check_call(["openssl", "genrsa", "-out", private, "2048"], stdout=sys.stderr)
    subprocess.check_call(["openssl", "rsa", "-in", private, "-pubout", "-out", public], stdout=sys.stderr)


def serve(app):
    server = make_server("127.0.0.1", port, app, handler_class=Handler)
    sys.stdout.write("ready %d\n" % server.server_port)
    sys.stdout.flush()
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def end():
        sys.stdin.read()
        server.shutdown()

    thread = threading.Thread(target=end)
    thread.start()
    server.serve_forever()  # in the thread that loaded LinOTP, which wants it so
    thread.join()


make_keys()
load_environment(GLOBAL, LOCAL)

# They remember what has been loaded when they are imported.
from linotp.config.middleware import make_app  # noqa: E402
from linotp.lib.base import setup_app  # noqa: E402

setup_app(LOCAL, GLOBAL, False)
serve(make_app(GLOBAL, **LOCAL))
