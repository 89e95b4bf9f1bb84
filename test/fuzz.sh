#!/bin/sh
# Runs every fuzz target of the module for a while, one after the other.
#
#	test/fuzz.sh [DURATION]      default 10s
set -eu
time=${1:-10s}
GO=${GO:-go}
targets=0
list=$(mktemp)
trap 'rm -f "$list"' EXIT
$GO list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./... | while read -r package; do
	$GO test -list '^Fuzz' "$package" | sed -n "s|^\(Fuzz.*\)|$package \1|p"
done >"$list"
while read -r package target; do
	echo "== $target in $package"
	# Without a limit, making a found input smaller can use up the time.
	$GO test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 10x "$package"
	targets=$((targets + 1))
done <"$list"
if [ "$targets" -lt 5 ]; then
	echo "fuzz: found $targets targets; the search for them is broken" >&2
	exit 1
fi
echo "fuzz: $targets targets, $time each, nothing found"
