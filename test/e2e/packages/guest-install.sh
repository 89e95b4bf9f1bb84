# Inside the machine: the .deb and the .rpm.
client dpkg
rm -f /etc/dpkg/dpkg.cfg.d/99mmdebstrap # which leaves manual pages out
useradd -m ada
useradd -m eve

# node_of FILE prints who may use a device.
node_of() { stat -c '%U:%G %a' "$1"; }

check 'before, /dev/uhid is for root' '^root:root 600$' node_of /dev/uhid
check 'dpkg installs it' 'Setting up softkey' dpkg -i softkey_*_amd64.deb
udevadm settle
check 'nothing of it is missing or changed' '^clean$' sh -c '[ -z "$(dpkg -V softkey)" ] && echo clean'
check '/dev/uhid is for the group' '^root:softkey 660$' node_of /dev/uhid
check 'and for whoever sits here' 'TAGS=.*:uaccess:' udevadm info /dev/uhid
usermod --append --groups softkey ada
check 'softkey says its version' '^softkey [0-9.]+, go' softkey version

# The key of somebody in the group, and somebody who is not.
cat >profile.json <<'JSON'
{"name": "other", "vendorId": 4176, "productId": 1031}
JSON
chmod a+r profile.json
mkfifo ready
for profile in fido2.3 "$PWD/profile.json"; do
	runuser -u ada -- softkey run --ephemeral --presence approve --transport uhid --profile "$profile" >ready 2>ada.log &
	key=$!
	read -r -t 20 word kind node <ready || { cat ada.log; exit 1; }
	check "ada plugs a key in (${profile##*/})" '^ready uhid /dev/hidraw' echo "$word $kind $node"
	udevadm settle
	check 'its node is for the group' '^root:softkey 660$' node_of "$node"
	check 'and for whoever sits here' 'TAGS=.*:uaccess:' udevadm info "$node"
	check 'ada reads it with fido2-token' 'FIDO_2_0' runuser -u ada -- fido2-token -I "$node"
	check 'doctor is content with it' "ok +key +$node" runuser -u ada -- softkey doctor
	check 'eve does not read it' 'FIDO_ERR|permission|fido_dev_open' fails runuser -u eve -- fido2-token -I "$node"
	check 'a rule by USB attributes, such as those of snaps, does not see it' '^none$' \
		sh -c "udevadm info -a $node | grep -E 'ATTRS.id(Vendor|Product)' || echo none"
	kill "$key"
	wait "$key"
done
check 'nor does eve plug one in' '/dev/uhid: permission denied' fails runuser -u eve -- softkey run --ephemeral --presence approve --transport uhid
check 'and is told what to do' 'usermod --append --groups softkey' runuser -u eve -- env USER=eve softkey doctor

client man-db
check 'man has a page for run' 'softkey run \[flags\]' man softkey-run
check 'and one for doctor' 'doctor' man softkey-doctor
client bash
check 'bash completes' '^deny$' bash -c 'source /usr/share/bash-completion/completions/softkey; complete -p softkey >/dev/null && softkey __complete run --presence ""'
client zsh
check 'zsh finds its completion' '^#compdef softkey$' zsh -fc 'for d in $fpath; do if [ -e $d/_softkey ]; then zsh -n $d/_softkey && head -1 $d/_softkey; fi; done'
client fish
check 'fish completes' 'doctor' fish -c 'complete -C "softkey "'
client systemd
check 'systemd takes the unit' '^$' env XDG_RUNTIME_DIR=/run systemd-analyze verify --man=no --user softkey.service

client dpkg
check 'dpkg installs it over itself' 'Setting up softkey' dpkg -i softkey_*_amd64.deb
check 'dpkg removes it' 'Removing softkey' dpkg -r softkey
udevadm settle
check '/dev/uhid is for root again' '^root:root 600$' node_of /dev/uhid
check 'dpkg purges it' 'Purging configuration files' dpkg -P softkey
check 'the group has gone' '^gone$' sh -c 'getent group softkey || echo gone'
left() { find / -xdev -iname '*softkey*' -not -path '/proc/*' -not -path '/share/*' -not -path '/tmp/*' -not -path '/home/*' -not -path '/.old/*' -not -path '/sys/*' | sort | head; echo end; }
check 'and all its files' '^end$' left

client rpm
check 'rpm reads it' 'License *: Apache-2.0' rpm -qip softkey-*.rpm
check 'its digests are right' 'digests OK' rpm -K --nosignature softkey-*.rpm
check 'it has the rule' '^/usr/lib/udev/rules.d/70-softkey.rules$' rpm -qlp softkey-*.rpm
check 'rpm installs it' '' rpm -i --nodeps softkey-*.rpm
udevadm settle
check 'nothing of it is missing or changed' '^clean$' sh -c '[ -z "$(rpm -V --nodeps softkey)" ] && echo clean'
check '/dev/uhid is for the group' '^root:softkey 660$' node_of /dev/uhid
check 'rpm removes it' '' rpm -e softkey
udevadm settle
check '/dev/uhid is for root again' '^root:root 600$' node_of /dev/uhid
check 'the group has gone' '^gone$' sh -c 'getent group softkey || echo gone'

client tar
check 'the tarball runs where it is unpacked' '^softkey [0-9.]+, go' sh -c 'tar -C /tmp -xzf softkey-*.tar.gz && /tmp/softkey-*/usr/bin/softkey version'
