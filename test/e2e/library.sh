# What the scenarios of a group share. guest.sh has bash read it before the group's
# file; it runs as root, in the group's folder, with softkey in the PATH.
set -u
unset BASH_ENV # for the group's own children
trap unplug_all EXIT

program=- program_version=- keys=() trace=''

# client PACKAGE [NAME] says whose program the scenarios from here on show: a Debian
# package's, or softkey's own.
client() {
	program=${2-$1}
	case $1 in
	softkey) program_version=$(softkey version | awk -F '[ ,]+' '{ print $2; exit }') ;;
	*) program_version=$(dpkg-query -Wf '${source:Upstream-Version}' "$1") ;;
	esac
}

# result NAME ok|failed SINCE prints a row of the table; SINCE is of $EPOCHREALTIME.
result() {
	printf 'result\t%s\t%s\t%s\t%s\t%s\n' "$1" "$program" "$program_version" "$2" \
		"$(awk "BEGIN { printf \"%.2f\", $EPOCHREALTIME - $3 }")"
}

# note TEXT prints a line under the table.
note() {
	printf 'note\t%s\n' "$1"
}

# check NAME PATTERN COMMAND...: the command succeeds and its output matches.
check() {
	local name=$1 pattern=$2 since=$EPOCHREALTIME output status=0
	shift 2
	output=$("$@" 2>&1) || status=$?
	if [ $status = 0 ] && grep -Eq -- "$pattern" <<<"$output"; then
		result "$name" ok "$since"
		return
	fi
	result "$name" failed "$since"
	printf '%s: %s (status %s, want %s):\n' "$name" "$*" $status "$pattern"
	sed 's/^/	/' <<<"$output"
}

# go_tests PROGRAM FLAGS...: each of its tests is a scenario.
go_tests() {
	local program_log=$1.log
	E2E_NODE=${node-} "$@" -test.v >"$program_log" 2>&1
	cat "$program_log"
	awk -v client="$program" -v version="$program_version" '
		$1 == "---" && $2 ~ /PASS|FAIL/ {
			printf "result\t%s\t%s\t%s\t%s\t%s\n", $3, client, version, $2 == "PASS:" ? "ok" : "failed", substr($4, 2, length($4) - 3)
		}' "$program_log"
	grep -q '^PASS$' "$program_log"
}

# fails COMMAND... runs one that must fail, and passes its output on.
fails() {
	! "$@"
}

# typing PINS COMMAND...: runs the command in a terminal, and answers each of its
# prompts for a PIN, which end in a colon and a space, with the next word. The
# programs read PINs from /dev/tty, and forget what was typed before they asked.
typing() {
	local pins char line='' terminal in out
	read -ra pins <<<"$1"
	shift
	coproc script -qec "$(printf '%q ' "$@")" /dev/null 2>&1
	terminal=$COPROC_PID
	exec {in}<&"${COPROC[0]}" {out}>&"${COPROC[1]}"
	while IFS= read -r -N 1 -u "$in" char; do
		printf %s "$char"
		line=${line##*$'\n'}$char
		[[ $line == *PIN*": " ]] && [ ${#pins[@]} -gt 0 ] || continue
		printf '%s\n' "${pins[0]}" >&"$out"
		pins=("${pins[@]:1}")
	done | tr -d '\r'
	exec {in}<&- {out}>&-
	wait "$terminal"
}

# plug FLAGS...: plugs a key in, an ephemeral one that approves unless the flags say
# otherwise. key is its process, node its device, trace the file of its trace.
plug() {
	local ready=ready.$((${#keys[@]} + 1)) word kind
	trace=$PWD/key.$((${#keys[@]} + 1)).trace
	[[ " $* " == *" --state "* ]] || set -- --ephemeral "$@"
	mkfifo "$ready"
	softkey run --presence approve --transport uhid --trace "$trace" "$@" >"$ready" 2>>softkey.log &
	key=$!
	keys+=("$key")
	exec {lines}<"$ready"
	rm "$ready"
	if ! read -r -t 20 word kind node <&"$lines"; then
		echo "softkey says nothing:"
		cat softkey.log
		exit 1
	fi
	[ "$word $kind" = 'ready uhid' ] || { echo "softkey is ready with: $word $kind $node"; exit 1; }
	udevadm settle
}

# unplug [KEY] takes a key out, the last one by default, and waits for its end.
unplug() {
	kill "${1-$key}"
	wait "${1-$key}"
	udevadm settle
}

unplug_all() {
	local k
	for k in "${keys[@]}"; do kill "$k" 2>/dev/null; done
	wait
}
