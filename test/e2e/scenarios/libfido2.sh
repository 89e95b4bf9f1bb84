# The tools of libfido2: getInfo, credentials and signatures, PIN, hmac-secret,
# discoverable credentials and large blobs.
#
# vm: uml
# packages: fido2-tools
# timeout: 300
client fido2-tools libfido2

# request LINE... prints a hash of client data, then the lines.
request() {
	printf '%s\n' "$(head -c 32 /dev/zero | base64)" "$@"
}

# credential NAME TYPE FLAGS [PIN]: fido2-cred makes a credential of example.com for
# the user NAME, and verifies it; NAME.id and NAME.pem are its id and public key.
credential() {
	request example.com "$1" "$(printf %s "$1" | base64)" >parameters
	typing "${4-}" fido2-cred -M $3 -i parameters -o "$1.credential" "$node" "$2" &&
		fido2-cred -V $(verifying "$3") -i "$1.credential" -o "$1.public" "$2" &&
		head -1 "$1.public" >"$1.id" && tail -n +2 "$1.public" >"$1.pem" && echo verified
}

# assertion NAME TYPE FLAGS [PIN [SALT]]: fido2-assert signs with a credential, and
# verifies the signature; NAME.assertion is what it printed.
assertion() {
	request example.com "$(cat "$1.id")" ${5-} >parameters
	typing "${4-}" fido2-assert -G $3 -i parameters -o "$1.assertion" "$node" &&
		fido2-assert -V $(verifying "$3") -i "$1.assertion" "$1.pem" "$2" && echo verified
}

# verifying FLAGS prints those flags that the tools take for verifying, too.
verifying() {
	case $1 in *h*) echo -h ;; *v*) echo -v ;; esac
}

plug
check 'fido2-token -L lists the key' "^$node: vendor=0xf1d0, product=0x5f01" fido2-token -L
check 'fido2-token -I reads it' 'version strings: U2F_V2, FIDO_2_0' fido2-token -I "$node"
check 'fido2-cred makes an ES256 credential' verified credential ada es256 ''
check 'fido2-assert signs with it' verified assertion ada es256 ''
check 'an EdDSA credential' verified credential eddie eddsa ''
check 'and its signature' verified assertion eddie eddsa ''
check 'a U2F credential' verified credential ulla es256 -u
check 'and its signature' verified assertion ulla es256 -u
check 'a credential with hmac-secret' verified credential hugo es256 -h
salt=$(head -c 32 /dev/urandom | base64)
check 'its secret' verified assertion hugo es256 -h '' "$salt"
secret=$(tail -1 hugo.assertion)
check 'is 32 bytes long' '^32$' sh -c "echo '$secret' | base64 -d | wc -c"
check 'and told again' verified assertion hugo es256 -h '' "$salt"
check 'byte for byte' '^same$' sh -c "[ '$secret' = \"\$(tail -1 hugo.assertion)\" ] && echo same"

old=2468ace pin=1357bdf
check 'fido2-token sets a PIN' 'Enter the same PIN again' typing "$old $old" fido2-token -S "$node"
check 'fido2-token changes it' 'Enter the same PIN again' typing "$old $pin $pin" fido2-token -C "$node"
check 'fido2-token -I knows of it' 'clientPin, .*pin retries: 8' sh -c "fido2-token -I $node | tr '\n' ' '"
check 'the old PIN is wrong' PIN_INVALID fails typing "$old" fido2-token -S -l 5 "$node"
check 'and counted' 'pin retries: 7' fido2-token -I "$node"
check 'a discoverable credential' verified credential rosa es256 -rb "$pin"
check 'its user is verified' verified assertion rosa es256 -v "$pin"
tail -1 rosa.credential >blob.key
head -c 1000 /dev/urandom >data
check 'fido2-token writes a large blob' 'Enter PIN' typing "$pin" fido2-token -S -b -k blob.key data "$node"
check 'and reads it' '^same$' sh -c "fido2-token -G -b -k blob.key blob $node; cmp data blob && echo same"

check 'one credential is on the key' '^existing rk\(s\): 1$' typing "$pin" fido2-token -I -c "$node"
check 'and then another' verified credential rolf eddsa -r "$pin"
check 'fido2-token lists their site' '^00: .* example.com$' typing "$pin" fido2-token -L -r "$node"
check 'and them' ' cm9zYQ== es256 uvopt$' typing "$pin" fido2-token -L -k example.com "$node"
check 'a large blob by the site' 'Enter PIN' typing "$pin" fido2-token -S -b -n example.com -i "$(cat rosa.id)" ada.pem "$node"
check 'is listed' '^00: ' typing "$pin" fido2-token -L -b "$node"
check 'and read' 'Enter PIN' typing "$pin" fido2-token -G -b -n example.com -i "$(cat rosa.id)" sites-blob "$node"
check 'as it was' '^same$' sh -c 'cmp ada.pem sites-blob && echo same'
check 'fido2-token deletes a credential' 'Enter PIN' typing "$pin" fido2-token -D -i "$(cat rosa.id)" "$node"
check 'and one is left' '^existing rk\(s\): 1$' typing "$pin" fido2-token -I -c "$node"

check "fido2-token raises the PIN's length" 'Enter PIN' typing "$pin" fido2-token -S -l 7 "$node"
check 'as -I says' 'minpinlen: 7' fido2-token -I "$node"
check 'fido2-token has users verified always' 'Enter PIN' typing "$pin" fido2-token -S -u "$node"
check 'even where none was asked for' verified assertion ada es256 -v "$pin"
