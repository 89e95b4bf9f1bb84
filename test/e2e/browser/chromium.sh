# Chromium at a site of go-webauthn's: navigator.credentials.create and get, without a
# window, and on a screen in memory what wants a PIN typed or a dialog closed.
#
# vm: own
# timeout: 300
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/machine"

# Time stands still while programs run. With a real clock, on a busy host, a browser's
# frames come so late that the key gives up on a message: half a second apart.
export SOFTKEY_VM_ARGS=time-travel=inf-cpu SOFTKEY_VM_TIMEOUT=280
in_machine "$1" "chromium xvfb xdotool" chromium-on-screen chromium
[ "$1" = prepare ] || printf 'note\tchromium: its seconds are of a clock that stands still while programs run\n'
