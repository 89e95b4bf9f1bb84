# The packages that `make packages` builds, in a machine of their own: installed,
# used by somebody without privileges, and removed again; the desktop's way of
# asking, with a real message bus; the user unit; the container's files.
#
# vm: own
# set: ci
# timeout: 900
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
packages=(udev fido2-tools man-db groff-base zsh fish rpm dbus python3-dbusmock systemd dbus-user-session libpam-systemd pinentry-gtk2 xvfb xdotool buildah)

# machine ARGUMENT... starts a virtual machine that has the programs, or builds it.
machine() { "$here/../vm-run.sh" "${packages[@]/#/--package=}" "$@"; }

case $1 in
prepare) machine --prepare ;;
run)
	# Any time will do, and git does not tell one to every user.
	SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-1700000000} "$here/../../../packaging/build" "$PWD"
	cp "$here/../library.sh" "$here"/guest-*.sh "$here/session.sh" "$here"/*.py "$here"/*.json "$here/../../../packaging/Containerfile" .
	for part in guest-*.sh; do
		machine --share "$PWD" -- env BASH_ENV=library.sh bash "$part"
	done
	;;
esac
