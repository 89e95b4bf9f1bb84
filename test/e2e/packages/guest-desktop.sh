# Inside the machine: --presence desktop on a real message bus, with a notification
# server that is a mock of python-dbusmock.
client python3-dbusmock
dpkg -i softkey_*_amd64.deb >/dev/null
export DBUS_SESSION_BUS_ADDRESS XDG_RUNTIME_DIR=$PWD/runtime
mkdir -m 700 runtime
exec {bus}< <(exec dbus-daemon --session --print-address --nofork)
daemon=$!
trap 'kill $daemon; unplug_all' EXIT
read -r DBUS_SESSION_BUS_ADDRESS <&"$bus"

check 'without a server and a screen softkey says so' 'notifications: notification server: .*not provided.*; pinentry: .*terminals only' \
	fails softkey run --ephemeral --presence desktop --transport uhid
check 'doctor, too' 'warn  desktop ' softkey doctor

python3 -m dbusmock --session --template notification_daemon --parameters '{"capabilities": "actions body body-markup"}' >mock.log 2>&1 &
mock=$!
until grep -q . <(dbus-send --session --print-reply --dest=org.freedesktop.Notifications /org/freedesktop/Notifications \
	org.freedesktop.Notifications.GetServerInformation 2>/dev/null); do sleep 0.1; done
check 'doctor finds the server' 'ok +desktop +--presence desktop asks by notifications' softkey doctor
plug --presence desktop

# register makes a credential by fido2-cred.
register() {
	printf '%s\n' "$(head -c 32 /dev/zero | base64)" example.com '<b>ada</b>' "$(printf ada | base64)" >request
	fido2-cred -M -i request -o credential "$node" es256 && echo registered
}

# answered N ACTION [forged] registers, while answer.py answers the Nth notification.
answered() {
	python3 answer.py "$@" &
	register
	local status=$?
	wait $!
	return $status
}

check 'a click on Approve agrees' registered answered 1 approve
check 'it names site and account, without markup' 'Register\?.* example\.com .*account  &lt;b&gt;ada&lt;/b&gt; ' sh -c "tr '\n' ' ' <mock.log"
check 'and is taken away' 'CloseNotification 1$' cat mock.log
check 'a click on Deny refuses' 'FIDO_ERR_OPERATION_DENIED' fails answered 2 deny
check 'another program cannot click' 'FIDO_ERR_OPERATION_DENIED' fails answered 3 deny forged
unplug
plug --presence desktop --presence-timeout 1s
check 'a question that nobody answers ends' 'FIDO_ERR_(USER_ACTION|ACTION)_TIMEOUT' fails register
check 'and is taken away' 'CloseNotification 4$' cat mock.log
kill $mock
check 'without its server the key refuses' 'FIDO_ERR_OPERATION_DENIED' fails register
