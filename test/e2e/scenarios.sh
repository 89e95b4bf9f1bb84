# Runs inside the virtual machine, as root, where softkey lies beside it. Each
# scenario prints "ok NAME" or "not ok NAME" with what it saw.
set -u
failed=0 passed=0

check() { # NAME PATTERN COMMAND...: the command's output matches
	local name=$1 pattern=$2 output
	shift 2
	if output=$("$@" 2>&1) && grep -Eq "$pattern" <<<"$output"; then
		echo "ok $name"
		passed=$((passed + 1))
		return
	fi
	echo "not ok $name: $* (want $pattern):"
	sed 's/^/	/' <<<"$output"
	failed=$((failed + 1))
}

# typing LINES COMMAND...: runs the command in a terminal, and answers each of its
# prompts, which end in a colon and a space, with the next line. libfido2's tools
# read PINs from /dev/tty, and forget what was typed before they asked.
typing() {
	local lines=($1) char prompt= terminal in out
	shift
	coproc script -qec "$(printf '%q ' "$@")" /dev/null 2>&1
	terminal=$COPROC_PID
	exec {in}<&"${COPROC[0]}" {out}>&"${COPROC[1]}"
	while IFS= read -r -N 1 -u "$in" char; do
		printf %s "$char"
		prompt=${prompt: -1}$char
		[ "$prompt" = ": " ] && [ ${#lines[@]} -gt 0 ] || continue
		printf '%s\n' "${lines[0]}" >&"$out"
		lines=("${lines[@]:1}")
	done | tr -d '\r'
	exec {in}<&- {out}>&-
	wait "$terminal"
}

# plug FLAGS...: plugs a key in; kind and node are what its ready line says.
plug() {
	rm -f ready
	mkfifo ready
	./softkey run --ephemeral --presence approve --transport uhid "$@" >ready 2>>softkey.log &
	key=$!
	exec 3<ready
	if ! read -r -t 10 word kind node <&3; then
		echo "not ok ready: softkey says nothing"
		cat softkey.log
		exit 1
	fi
	udevadm settle
}

unplug() {
	kill "$key"
	wait "$key"
	udevadm settle
}

plug --trace trace.log
check "ready line names the node" '^ready uhid /dev/hidraw[0-9]+$' echo "$word $kind $node"
check "udev takes it for a security key" 'ID_FIDO_TOKEN=1' udevadm info "$node"
check "fido2-token -L lists it" "^$node: vendor=0xf1d0, product=0x5f01" fido2-token -L
check "fido2-token -I reads it" 'version strings: U2F_V2, FIDO_2_0, FIDO_2_1, FIDO_2_3' fido2-token -I "$node"
check "u2f-host registers" registrationData sh -c 'echo "{\"version\":\"U2F_V2\",\"challenge\":\"Y2hhbGxlbmdl\",\"appId\":\"https://example.com\"}" | u2f-host -aregister -o https://example.com'

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

check "fido2-cred makes a credential" verified credential ada es256 ""
check "fido2-assert signs with it" verified assertion ada es256 ""
check "the same in EdDSA" verified credential eddie eddsa ""
check "and its signature" verified assertion eddie eddsa ""
check "hmac-secret is made" verified credential hugo es256 -h
salt=$(head -c 32 /dev/urandom | base64)
check "hmac-secret is told" verified assertion hugo es256 -h "" "$salt"
secret=$(tail -1 hugo.assertion)
check "hmac-secret has 32 bytes" '^32$' sh -c "echo '$secret' | base64 -d | wc -c"
check "hmac-secret is the same again" verified assertion hugo es256 -h "" "$salt"
check "byte for byte" '^same$' sh -c "[ '$secret' = \"\$(tail -1 hugo.assertion)\" ] && echo same"

# A PIN, and what needs one.
old=2468ace pin=1357bdf
check "fido2-token sets a PIN" 'Enter the same PIN again' typing "$old $old" fido2-token -S "$node"
check "fido2-token changes it" 'Enter the same PIN again' typing "$old $pin $pin" fido2-token -C "$node"
check "fido2-token -I knows of it" 'clientPin, .*pin retries: 8' sh -c "fido2-token -I $node | tr '\n' ' '"
check "the old PIN is wrong" PIN_INVALID typing "$old" sh -c "fido2-token -S -l 5 $node; true"
check "and counted" 'pin retries: 7' fido2-token -I "$node"
check "a discoverable credential" verified credential rosa es256 -rb "$pin"
check "the user is verified" verified assertion ada es256 -v "$pin"
tail -1 rosa.credential >blob.key
# uhid keeps 32 reports that softkey has not read, and drops what comes then: on
# this machine's one processor that is any message of more than 1,886 bytes.
head -c 1000 /dev/urandom >data
check "fido2-token writes a large blob" 'Enter PIN' typing "$pin" fido2-token -S -b -k blob.key data "$node"
check "and reads it" '^same$' sh -c "fido2-token -G -b -k blob.key blob $node; cmp data blob && echo same"
check "fido2-token raises the PIN's length" 'Enter PIN' typing "$pin" fido2-token -S -l 7 "$node"
check "as -I says" 'minpinlen: 7' fido2-token -I "$node"
check "fido2-token has users verified always" 'Enter PIN' typing "$pin" fido2-token -S -u "$node"
check "even where none was asked for" verified assertion ada es256 -v "$pin"

unplug
check "a killed key is gone" '^gone$' sh -c "test -e $node || echo gone"

# libfido2 1.14 and older manage credentials by the preview's command alone (0x41),
# which a key of CTAP 2.3 does not answer: here it is one that does.
cat >preview.json <<'END'
{"name": "with-preview", "versions": ["U2F_V2", "FIDO_2_0", "FIDO_2_1_PRE", "FIDO_2_1", "FIDO_2_3"],
	"options": {"credentialMgmtPreview": true}, "commands": ["authenticatorMakeCredential", "authenticatorGetAssertion", "authenticatorGetInfo",
	"authenticatorClientPIN", "authenticatorReset", "authenticatorGetNextAssertion", "authenticatorCredentialManagement",
	"authenticatorCredentialManagement (preview)", "authenticatorSelection", "authenticatorLargeBlobs", "authenticatorConfig"]}
END
echo "$pin" >pin
plug --profile preview.json --pin-file pin --trace preview.log
check "no credentials yet" '^existing rk\(s\): 0$' typing "$pin" fido2-token -I -c "$node"
check "a discoverable credential" verified credential rosa es256 -rb "$pin"
check "and another" verified credential rolf eddsa -r "$pin"
check "fido2-token lists the site" '^00: .* example.com$' typing "$pin" fido2-token -L -r "$node"
check "and its credentials" ' cm9zYQ== es256 uvopt$' typing "$pin" fido2-token -L -k example.com "$node"
check "a large blob by its site" 'Enter PIN' typing "$pin" fido2-token -S -b -n example.com -i "$(cat rosa.id)" preview.json "$node"
check "is listed" '^00: ' typing "$pin" fido2-token -L -b "$node"
check "and read" 'Enter PIN' typing "$pin" fido2-token -G -b -n example.com -i "$(cat rosa.id)" sites-blob "$node"
check "as it was" '^same$' sh -c 'cmp preview.json sites-blob && echo same'
check "fido2-token deletes a credential" 'Enter PIN' typing "$pin" fido2-token -D -i "$(cat rosa.id)" "$node"
check "and one is left" '^existing rk\(s\): 1$' typing "$pin" fido2-token -I -c "$node"

# OpenSSH has libfido2 built in.
check "ssh-keygen makes an ed25519-sk key" 'SHA256:' ssh-keygen -t ed25519-sk -N "" -C ada -f id_sk
echo "ada $(cat id_sk.pub)" >allowed
echo message >message
check "ssh-keygen signs with it" 'Write signature|Signing file' ssh-keygen -Y sign -f id_sk -n file message
check "and verifies" 'Good "file" signature' sh -c 'ssh-keygen -Y verify -f allowed -I ada -n file -s message.sig <message'
check "ssh-keygen makes a resident key" 'SHA256:' typing "$pin" ssh-keygen -t ecdsa-sk -O resident -O application=ssh:ada -N "" -f resident
check "and finds it on the key" 'id_ecdsa_sk_rk_ada' typing "$pin" sh -c 'ssh-keygen -K -N ""; ls'
unplug

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
