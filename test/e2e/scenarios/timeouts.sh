# What takes time: touches that come late or never, the window for resets, PINs that
# are locked. The seconds are those of the machine's own clock.
#
# vm: time-travel
# packages: fido2-tools curl
# timeout: 600
client fido2-tools libfido2
pin=1357bdf wrong=0000000
echo "$pin" >pin

# credential makes one of example.com.
credential() {
	printf '%s\n' "$(head -c 32 /dev/zero | base64)" example.com ada YWRh >parameters
	fido2-cred -M -i parameters "$node" es256
}

# lasting FROM TO COMMAND... passes its output on if it took that many seconds.
lasting() {
	local from=$1 to=$2 since=$EPOCHREALTIME
	shift 2
	"$@"
	awk "BEGIN { t = $EPOCHREALTIME - $since; print t, \"seconds\"; exit !(t >= $from && t <= $to) }"
}

plug --presence ignore
check 'a touch that never comes: 30 s' TIMEOUT lasting 29.9 45 credential
check 'and again' TIMEOUT lasting 29.9 45 credential
unplug

plug --presence approve:20s
check 'one that comes after 20 s' 'example.com' lasting 19.9 29 credential
unplug

plug --pin-file pin
check 'reset within 10 s of plugging in' '^$' fido2-token -R "$node"
check 'has no PIN' noclientPin fido2-token -I "$node"
sleep 11
check 'after 10 s it is refused' NOT_ALLOWED fails fido2-token -R "$node"
unplug

plug --pin-file pin --control "unix:$PWD/control.sock"
for n in 1 2; do
	check "wrong PIN $n" PIN_INVALID fails typing $wrong fido2-token -L -r "$node"
done
check 'wrong PIN 3' 'PIN_AUTH_BLOCKED' fails typing $wrong fido2-token -L -r "$node"
check 'then the right one is refused, too' 'PIN_AUTH_BLOCKED' fails typing $pin fido2-token -L -r "$node"
sleep 60
curl -sS -X POST --unix-socket control.sock http://key/v1/unplug http://key/v1/plug
udevadm settle
check 'until the key was unplugged' 'pin retries: 5' fido2-token -I "$node"
check 'the right PIN' 'existing rk' typing $pin fido2-token -I -c "$node"
check 'and all tries are back' 'pin retries: 8' fido2-token -I "$node"
check 'a reset after the replug' '^$' fido2-token -R "$node"
