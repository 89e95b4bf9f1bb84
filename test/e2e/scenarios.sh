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

mkfifo ready
./softkey run --ephemeral --presence approve --transport uhid --trace trace.log >ready 2>softkey.log &
key=$!
exec 3<ready
if ! read -r -t 10 word kind node <&3; then
	echo "not ok ready: softkey says nothing"
	cat softkey.log
	exit 1
fi
udevadm settle

check "ready line names the node" '^ready uhid /dev/hidraw[0-9]+$' echo "$word $kind $node"
check "udev takes it for a security key" 'ID_FIDO_TOKEN=1' udevadm info "$node"
check "fido2-token -L lists it" "^$node: vendor=0xf1d0, product=0x5f01" fido2-token -L
check "fido2-token -I reads it" 'version strings: U2F_V2, FIDO_2_0' fido2-token -I "$node"
check "u2f-host registers" registrationData sh -c 'echo "{\"version\":\"U2F_V2\",\"challenge\":\"Y2hhbGxlbmdl\",\"appId\":\"https://example.com\"}" | u2f-host -aregister -o https://example.com'

# fido2-cred: a hash of client data, a relying party, a user, a user handle.
printf '%s\n' "$(head -c 32 /dev/zero | base64)" example.com ada "$(printf ada | base64)" >parameters
check "fido2-cred makes a credential" . sh -c "fido2-cred -M -i parameters $node >credential && cat credential"
check "fido2-cred verifies it" . sh -c 'fido2-cred -V -i credential -o public && cat public'
printf '%s\n' "$(head -c 32 /dev/zero | base64)" example.com "$(head -1 public)" >request
check "fido2-assert signs" . sh -c "fido2-assert -G -i request $node >assertion && cat assertion"
check "fido2-assert verifies it" '^0$' sh -c 'tail -n +2 public >key.pem && fido2-assert -V -i assertion key.pem es256; echo $?'

kill "$key"
wait "$key"
check "a killed key is gone" '^gone$' sh -c "udevadm settle; test -e $node || echo gone"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
