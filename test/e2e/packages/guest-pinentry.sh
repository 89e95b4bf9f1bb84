# Inside the machine: --presence desktop without a message bus, with the window of a
# real pinentry.
client pinentry-gtk2
dpkg -i softkey_*_amd64.deb >/dev/null
unset DBUS_SESSION_BUS_ADDRESS XDG_RUNTIME_DIR
check 'without a screen its dialog would be for a terminal' 'warn  desktop .*pinentry: ' softkey doctor
export DISPLAY=:7
exec {screen}< <(exec Xvfb :7 -nolisten tcp -displayfd 1 2>xvfb.log)
server=$!
trap 'kill $server; unplug_all' EXIT
read -r _ <&"$screen"
check 'doctor finds it' 'ok +desktop +--presence desktop asks by pinentry' softkey doctor
plug --presence desktop

# register makes a credential by fido2-cred; pressing KEY... does while the window of
# pinentry gets those keys.
register() {
	printf '%s\n' "$(head -c 32 /dev/zero | base64)" example.com ada "$(printf ada | base64)" >request
	fido2-cred -M -i request -o credential "$node" es256 && echo registered
}
pressing() {
	(window=$(xdotool search --sync --onlyvisible --name '^softkey$' | head -1) &&
		xdotool windowfocus --sync "$window" key --clearmodifiers "$@") &
	register
	local status=$?
	wait $!
	return $status
}
windows() { xdotool search --onlyvisible --name '^softkey$' | wc -l; }

check 'the button Approve agrees' registered pressing Tab Return
check 'the button Deny refuses' 'FIDO_ERR_OPERATION_DENIED' fails pressing Return
check 'and so does the end of the window' 'FIDO_ERR_OPERATION_DENIED' fails pressing Escape
unplug
plug --presence desktop --presence-timeout 2s
check 'a question that nobody answers ends' 'FIDO_ERR_(USER_ACTION|ACTION)_TIMEOUT' fails register
check 'and its window closes' '^0$' windows
