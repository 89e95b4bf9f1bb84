# Yubico's u2f-host with a server of theirs, u2f-server: the programs by which U2F
# was made known.
#
# vm: uml
# packages: u2f-host u2f-server
client u2f-host
plug

# ceremony ACTION: the server's challenge goes to the client, whose answer goes to
# the server, which verifies it. It says its challenge late unless told not to keep it.
ceremony() {
	local challenge pid
	coproc server { stdbuf -oL u2f-server "-a$1" -o https://example.com -i https://example.com -k handle -p public 2>&1; }
	pid=$server_PID
	exec {in}<&"${server[0]}" {out}>&"${server[1]}" {server[1]}>&-
	read -r challenge <&"$in"
	u2f-host "-a$1" -o https://example.com <<<"$challenge" >&"$out"
	exec {out}>&-
	cat <&"$in"
	wait "$pid"
}

check 'registers at u2f-server' 'uccess' ceremony register
check 'and signs in' 'uccess' ceremony authenticate
check 'once more' 'uccess' ceremony authenticate
