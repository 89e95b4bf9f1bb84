# The key is unplugged and plugged in again by its control interface, and dies in the
# middle of a ceremony: no node stays behind, no client hangs.
#
# vm: uml
# packages: fido2-tools curl
client fido2-tools libfido2

# control PATH asks the key's control interface.
control() {
	curl -sS --fail-with-body -X POST --unix-socket control.sock "http://key/v1/$1"
}

# begin leaves a ceremony waiting for its touch; client.log ends with its status.
begin() {
	printf '%s\n' "$(head -c 32 /dev/zero | base64)" example.com ada YWRh >parameters
	before=$(grep -c UPNEEDED "$trace")
	{ fido2-cred -M -i parameters -o credential "$node" es256; echo "status $?"; } >client.log 2>&1 &
	until [ "$(grep -c UPNEEDED "$trace")" -gt "$before" ]; do sleep 0.02; done
}

# ended COMMAND... runs it, and prints what the ceremony's client says at its end.
ended() {
	"$@"
	until grep '^status' client.log; do sleep 0.02; done
	cat client.log
}

# signed has the credential sign, by a touch.
signed() {
	fido2-cred -V -i credential -o public es256
	tail -n +2 public >public.pem
	printf '%s\n' "$(head -c 32 /dev/zero | base64)" example.com "$(head -1 public)" >parameters
	control touch?wait=10s &
	fido2-assert -G -i parameters -o assertion "$node"
	wait $!
	fido2-assert -V -i assertion public.pem es256 && echo verified
}

# nodes prints how many hidraw nodes there are.
nodes() {
	find /dev -name 'hidraw*' | wc -l
}

others=$(nodes)
controlled=(--state state --presence control --control "unix:$PWD/control.sock")
plug "${controlled[@]}"
begin
check 'a touch by the control interface' 'status 0' ended control touch?wait=10s
check 'unplugged' '"plugged":false' control unplug
check 'its node is gone' "^$others\$" nodes
check 'plugged in again' '"plugged":true' control plug
udevadm settle
check 'its node is back, and listed' "^$node: vendor=0xf1d0" fido2-token -L
check 'the credential signs' verified signed
begin
kill -STOP "$key"
sleep 1
kill -CONT "$key"
check 'a ceremony goes on after softkey was stopped for a while' 'status 0' ended control touch?wait=10s
begin
check 'unplugged in mid-ceremony: the client fails' FIDO_ERR ended control unplug
control plug
udevadm settle
check 'the key is as before' verified signed

begin
check 'killed in mid-ceremony: the client fails' FIDO_ERR ended kill -9 "$key"
wait "$key"
check 'no node stays' "^$others\$" nodes
plug "${controlled[@]}"
check 'it starts again, with what it kept' verified signed
