# Firefox at a site of go-webauthn's: navigator.credentials.create and get, without a
# window; the PIN is typed by Marionette.
#
# vm: own
# set: full
# timeout: 400
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/machine"

export SOFTKEY_VM_TIMEOUT=380
in_machine "$1" "firefox-esr" firefox
