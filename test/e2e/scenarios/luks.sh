# An encrypted disk that the key unlocks: systemd and cryptsetup have it compute
# hmac-secret, and the secret opens a key slot.
#
# vm: uml
# packages: systemd cryptsetup-bin libfido2-1
# timeout: 120
client systemd systemd-cryptenroll
pin=1357bdf
(umask 077 && echo "$pin" >pin)
mkdir -m 0700 credentials
printf %s "$pin" >credentials/fido2-pin
printf secret >password

# disk NAME makes an encrypted disk with a password, and prints its device. Passwords
# cost little: they are not what is tested.
disk() {
	truncate -s 32M "$1.disk"
	cryptsetup luksFormat --batch-mode --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$1.disk" password
	losetup --find --show "$1.disk"
}

# enrol DEVICE FLAGS... gives the disk a key slot for the key that is plugged in.
enrol() {
	PASSWORD=secret CREDENTIALS_DIRECTORY=$PWD/credentials \
		systemd-cryptenroll --fido2-device=auto "${@:2}" "$1"
}

# unlock DEVICE [PIN] has cryptsetup ask the key, by systemd's plug-in, and locks the
# disk again. A PIN it takes from a pipe, if need be.
unlock() {
	cryptsetup open --token-only "$1" vault <<<"${2-}" && cryptsetup close vault
}

# attached TEXT COMMAND...: with the disk unlocked by systemd as it is in crypttab.
attached() {
	/lib/systemd/systemd-cryptsetup attach vault "$disk" - fido2-device=auto,headless=true,tries=1 &&
		"$@" && /lib/systemd/systemd-cryptsetup detach vault
}

# A key slot for a touch alone.
plug
disk=$(disk plain)
check 'lists the key' "^$node " systemd-cryptenroll --fido2-device=list
check 'gives the key a slot' 'New FIDO2 token enrolled as key slot 1' enrol "$disk" --fido2-with-client-pin=no
client systemd systemd-cryptsetup
check 'unlocks, and the disk is written' '' attached sh -c 'echo message >/dev/mapper/vault'
check 'unlocks, and the disk is read' '^message$' attached head -n 1 /dev/mapper/vault
check 'is written in cipher' '^secret$' sh -c 'grep -q message plain.disk || echo secret'
client cryptsetup-bin cryptsetup
check 'unlocks by its plug-in' presence unlock "$disk"
unplug
plug --presence deny
check 'a key that refuses unlocks nothing' presence fails unlock "$disk"
unplug
check 'no key unlocks nothing' '' fails unlock "$disk"
plug
check 'another key unlocks nothing' 'Wrong security token' fails unlock "$disk"
unplug

# With a PIN. systemd-cryptenroll uses it only if the key makes no credential without
# it, but to unlock it is used always, and then the secret is another one:
# https://github.com/systemd/systemd/issues/31443
echo '{"options": {"makeCredUvNotRqd": false}}' >profile.json
plug --profile profile.json --pin-file pin
disk=$(disk pin)
client systemd systemd-cryptenroll
check 'gives a key with a PIN a slot' 'New FIDO2 token enrolled' enrol "$disk" --fido2-with-client-pin=yes
client cryptsetup-bin cryptsetup
check 'unlocks with the PIN' presence unlock "$disk" "$pin"
check 'a wrong PIN unlocks nothing' 'PIN of security token incorrect' fails unlock "$disk" 2468ace
unplug

# With the key's own verification.
plug --verification approve
disk=$(disk finger)
client systemd systemd-cryptenroll
check 'gives a key with a sensor a slot' 'New FIDO2 token enrolled' \
	enrol "$disk" --fido2-with-client-pin=no --fido2-with-user-verification=yes
client cryptsetup-bin cryptsetup
check 'unlocks with the finger' 'verify user' unlock "$disk"
