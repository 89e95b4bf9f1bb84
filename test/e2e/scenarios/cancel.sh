# Ceremonies that end before their touch: CANCEL, a client that closes, one that is
# killed. Nobody touches the key.
#
# vm: uml
# packages: python3 python3-cryptography fido2-tools
# python: fido2==2.2.1
plug --presence ignore
python3 "$E2E_SHARE/e2e/python/cancel.py" "$node"

client fido2-tools libfido2
check 'the next client is answered at once' 'FIDO_2_0' fido2-token -I "$node"

# orphan has a client killed while its ceremony waits for a touch.
orphan() {
	local before
	before=$(grep -c UPNEEDED "$trace")
	printf '%s\n' "$(head -c 32 /dev/zero | base64)" example.com ada YWRh >parameters
	fido2-cred -M -i parameters "$node" es256 &
	until [ "$(grep -c UPNEEDED "$trace")" -gt "$before" ]; do sleep 0.02; done
	kill -9 $!
	wait $!
	[ $? = 137 ] && echo killed
}

# answered waits for the key to answer getInfo. libfido2 takes a busy key for one
# that has U2F alone, and says nothing of versions.
answered() {
	until fido2-token -I "$node" | grep 'version strings'; do sleep 0.1; done
}
check 'a client is killed in mid-ceremony' killed orphan
check 'and the key answers the next' FIDO_2_0 answered
check 'for it did not wait for the touch' '^0$' sh -c "grep -c ACTION_TIMEOUT '$trace'; true"
