# The checks of guest-session.sh. In the session of ada there is a notification server,
# which comes after softkey.
client systemd
uid=$(id -u ada)
loginctl enable-linger ada
systemctl start "user@$uid"

# unit ARGUMENT... is systemctl of ada's session; in_session COMMAND... a program there.
unit() { systemctl --user --machine=ada@ --no-pager "$@"; }
in_session() { runuser -u ada -- env XDG_RUNTIME_DIR="/run/user/$uid" DBUS_SESSION_BUS_ADDRESS="unix:path=/run/user/$uid/bus" "$@"; }

# within SECONDS COMMAND...: it succeeds in that time.
within() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.2
	done
}
reports() { journalctl --no-pager _UID="$uid" | grep -q "$1"; }
serving() { in_session fido2-token -L | grep -q vendor=0xf1d0; }

unit start softkey
check 'it says why it cannot ask yet' '' within 30 reports 'notification server: .*not provided'
in_session python3 -m dbusmock --session --template notification_daemon \
	--parameters '{"capabilities": "actions body body-markup"}' >/run/mock.log 2>&1 &
mock=$!
check 'and starts when it can' '' within 60 serving
node=$(fido2-token -L | cut -d: -f1)
pid=$(unit show -P MainPID softkey)
check 'its system calls are filtered' '^NoNewPrivs:.1 Seccomp:.2' sh -c "grep -E '^(NoNewPrivs|Seccomp):' /proc/$pid/status | tr '\n' ' '"

# register makes a credential by fido2-cred, while answer.py answers.
register() {
	cp answer.py /run/answer.py
	in_session python3 /run/answer.py "$1" "$2" &
	local answer=$!
	printf '%s\n' "$(head -c 32 /dev/zero | base64)" example.com ada "$(printf ada | base64)" |
		runuser -u ada -- fido2-cred -M "$node" es256 && echo registered
	wait $answer
}
check 'a click on Approve registers' registered register 1 approve
check 'a click on Deny does not' 'FIDO_ERR_OPERATION_DENIED' register 2 deny
check 'its state is for ada alone' '^700 ada$' stat -c '%a %U' /home/ada/.local/share/softkey
check 'it stops in good order' '^success$' sh -c 'systemctl --user --machine=ada@ stop softkey; systemctl --user --machine=ada@ show -P Result softkey'
check 'and the key is gone' '^gone$' sh -c "test -e $node || echo gone"
kill $mock
