"""`softkey u2f` as a client of LinOTP, in the form of u2f-host too."""

from softkey import ask

APP_ID = "https://u2fdemo.de"
EVIL = "https://evil.example"
# softkey's own form of the client, and that of u2f-host.
FORMS = {
    "softkey": {"register": ["register", "--origin"], "authenticate": ["authenticate", "--origin"]},
    "u2f-host": {"register": ["-aregister", "-o"], "authenticate": ["-aauthenticate", "-o"]},
}


class Client:
    """The browserless client, in one of its forms, with a key in a folder."""

    def __init__(self, folder, form):
        self.folder, self.form = folder, form

    def answer(self, action, request, origin=APP_ID):
        flags = "--device", "loopback", "--state", self.folder
        return ask("u2f", *FORMS[self.form][action], origin, *flags, request=request)
