#!/bin/sh
# Runs every fuzz target of the module for a while, one after the other.
#
#	test/fuzz.sh [DURATION]      default 10s
set -eu
time=${1:-10s}
GO=${GO:-go}
targets=0
list=$(mktemp)
log=$(mktemp)
trap 'rm -f "$list" "$log"' EXIT

# fuzz PACKAGE TARGET. Without a limit, making a found input smaller can use up
# the time. At its end the Go command sometimes reports its own deadline as a
# failure; a finding always names the input that it wrote down.
fuzz() {
	$GO test -run '^$' -fuzz "^$2\$" -fuzztime "$time" -fuzzminimizetime 10x "$1" >"$log" 2>&1 && return
	! grep -q 'Failing input written to' "$log" && grep -q '^    context deadline exceeded$' "$log"
}

$GO list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./... | while read -r package; do
	$GO test -list '^Fuzz' "$package" | sed -n "s|^\(Fuzz.*\)|$package \1|p"
done >"$list"
while read -r package target; do
	fuzz "$package" "$target" || {
		cat "$log"
		exit 1
	}
	echo "$target in $package: $(sed -n 's/.*\(execs: [0-9]*\).*/\1/p' "$log" | tail -1)"
	targets=$((targets + 1))
done <"$list"
if [ "$targets" -lt 5 ]; then
	echo "fuzz: found $targets targets; the search for them is broken" >&2
	exit 1
fi
echo "fuzz: $targets targets, $time each, nothing found"
