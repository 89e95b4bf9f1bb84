# Two keys at once, and one key at two nodes.
#
# vm: uml
# packages: fido2-tools
client fido2-tools libfido2

# credential NODE NAME makes one of example.com.
credential() {
	printf '%s\n' "$(head -c 32 /dev/zero | base64)" example.com "$2" "$(base64 <<<"$2")" >parameters
	fido2-cred -M -i parameters "$1" es256 | fido2-cred -V -o "$2.public" es256 && echo verified
}

# assertion NODE NAME signs with it.
assertion() {
	printf '%s\n' "$(head -c 32 /dev/zero | base64)" example.com "$(head -1 "$2.public")" >parameters
	tail -n +2 "$2.public" >"$2.pem"
	fido2-assert -G -i parameters "$1" | fido2-assert -V "$2.pem" es256 && echo verified
}

plug
ada=$node
plug
bob=$node bobs_process=$key
check 'fido2-token -L lists both' '^2$' sh -c 'fido2-token -L | grep -c 0xf1d0'
check 'the first makes a credential' verified credential "$ada" ada
check 'the second, too' verified credential "$bob" bob
check 'each signs with its own' verified assertion "$ada" ada
check 'the second as well' verified assertion "$bob" bob
check "but not with the other's" NO_CREDENTIALS fails assertion "$bob" ada
check 'nor the other way round' NO_CREDENTIALS fails assertion "$ada" bob
unplug "$bobs_process"
check 'one goes, the other stays' "^$ada: [^/]*$" sh -c 'fido2-token -L | grep 0xf1d0 | paste -sd " "'
check 'and signs on' verified assertion "$ada" ada

plug --transport uhid
read -r -t 20 _ _ twin <&"$lines"
udevadm settle
check 'a key at two nodes has two ready lines' '^/dev/hidraw[0-9]+$' echo "$twin"
check 'a credential made at one' verified credential "$node" eve
check 'signs at the other' verified assertion "$twin" eve
