# Chromium's large blobs, for which it starts a process that hangs where time stands
# still; and with a real clock the rest is not for a busy host, see chromium.sh.
#
# vm: own
# set: full
# timeout: 200
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/machine"

export SOFTKEY_VM_TIMEOUT=180
in_machine "$1" "chromium xvfb xdotool" "chromium:large blob"
