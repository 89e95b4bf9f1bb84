# The udev rule of packaging/ lets those in the group softkey plug keys in and use
# them, and nobody else.
#
# vm: uml
# packages: udev fido2-tools passwd
# files: packaging/udev/70-softkey.rules
client udev
plain=$(mktemp -d)
install "$(command -v softkey)" "$plain" # where everybody may run it
chmod 755 "$plain"
trap 'rm -rf "$plain" /run/udev/rules.d/70-softkey.rules; udevadm control --reload; udevadm trigger --settle /dev/uhid; unplug_all' EXIT

# member and stranger run a command as a user, in the group and not.
member() {
	setpriv --reuid 65534 --regid 65534 --groups "$(getent group softkey | cut -d: -f3)" env HOME="$plain" "$@"
}
stranger() {
	setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$plain" "$@"
}

getent group softkey >/dev/null || groupadd --system softkey
mkdir -p /run/udev/rules.d
cp "$E2E_SHARE/files/packaging/udev/70-softkey.rules" /run/udev/rules.d
udevadm control --reload
udevadm trigger --settle /dev/uhid
check '/dev/uhid is for the group softkey' '^root:softkey 660$' stat -c '%U:%G %a' /dev/uhid
check 'nobody else opens it' 'ermission denied' fails stranger sh -c 'exec 3<>/dev/uhid'

mkfifo ready
member "$plain/softkey" run --ephemeral --presence approve --transport uhid >ready 2>>softkey.log &
keys+=($!)
read -r -t 20 _ _ node <ready
udevadm settle
check 'a member plugs a key in' '^/dev/hidraw[0-9]+$' echo "$node"
check 'whose node is for the group' '^root:softkey 660$' stat -c '%U:%G %a' "$node"
client fido2-tools libfido2
check 'a member uses it' FIDO_2_0 member fido2-token -I "$node"
check 'nobody else does' 'FIDO_ERR' fails stranger fido2-token -I "$node"
