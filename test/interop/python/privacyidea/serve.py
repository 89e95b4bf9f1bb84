"""privacyIDEA in a folder: serve.py FOLDER PASSWORD makes what its installation makes, and serves it.

The steps are those of its documentation, in one process. PASSWORD is that of the administrator `admin`. Tokens of
the type u2f may be enrolled, which version 3.13 wants to be asked for, and passwords are hashed in less time than is good for those that matter.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from privacyidea.app import create_app  # noqa: E402
from privacyidea.cli.pimanage.main import cli  # noqa: E402
from serving import serve  # noqa: E402

CONFIG = """
SECRET_KEY = "of the sessions, of which there is one a test"
PI_PEPPER = "of the passwords"
PI_ENCFILE = "{folder}/enckey"
PI_AUDIT_KEY_PRIVATE = "{folder}/private.pem"
PI_AUDIT_KEY_PUBLIC = "{folder}/public.pem"
PI_LOGCONFIG = "{folder}/log.yaml"
PI_HASH_ALGO_PARAMS = {{"argon2__rounds": 1, "argon2__memory_cost": 8, "argon2__parallelism": 1}}
PI_AUDIT_NO_PRIVATE_KEY_CHECK = True
PI_ENABLE_TOKEN_TYPE_ENROLLMENT = ["u2f"]
SQLALCHEMY_DATABASE_URI = "sqlite:///{folder}/privacyidea.sqlite"
"""
LOG = """
version: 1
disable_existing_loggers: false
handlers: {{file: {{class: logging.FileHandler, filename: "{folder}/log"}}}}
root: {{level: WARNING, handlers: [file]}}
"""


def install(folder, password):
    """Makes keys, tables and the administrator, and configures this process."""
    config = Path(folder, "pi.cfg")
    config.write_text(CONFIG.format(folder=folder))
    Path(folder, "log.yaml").write_text(LOG.format(folder=folder))
    os.environ["PRIVACYIDEA_CONFIGFILE"] = str(config)
    runner = application().test_cli_runner()
    for step in "setup create_enckey", "setup create_audit_keys", "setup create_tables", f"admin add -p {password} admin":
        result = runner.invoke(cli, step.split())
        if result.exit_code != 0:
            raise RuntimeError(f"pi-manage {step}: {result.output}") from result.exception


def application():
    return create_app("production", silent=True)


install(*sys.argv[1:])
serve(application())  # another than the first: to make tables turns the logs off
