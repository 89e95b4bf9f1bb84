# What a user is told whose machine is not ready for keys.
#
# vm: uml
client softkey
plain=$(mktemp -d)
install "$(command -v softkey)" "$plain" # where everybody may run it
chmod 755 "$plain"
trap 'rm -rf "$plain"; unplug_all' EXIT

# told COMMAND... runs one that must fail, and prints what it says in one line.
told() {
	local said
	said=$("$@" 2>&1) && return 1
	paste -sd ' ' <<<"$said"
}

# without COMMAND starts a key where COMMAND has made another /dev.
without() {
	unshare --mount sh -c "mount -t tmpfs dev /dev && mknod /dev/null c 1 3 && $1 && softkey run --ephemeral --presence approve --transport uhid"
}

# nobody starts one as a user of no rights.
nobody() {
	setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$plain" "$plain/softkey" run --ephemeral --presence approve --transport uhid
}

module='softkey: hint: load the kernel module: modprobe uhid'
check 'no node' "^softkey: /dev/uhid: no such file or directory $module" told without true
check 'a node without its module' "^softkey: /dev/uhid: no such device $module" told without 'mknod /dev/uhid c 10 199'
check 'no permission' '^softkey: /dev/uhid: permission denied softkey: hint: .*udev rule' told nobody
