#!/usr/bin/env bash
# Runs every fuzz target of the module for a while, one after the other, and
# prints a table: how many inputs it tried, and how many of them were new to it.
#
#	test/fuzz.sh [DURATION]                    default 10s
#	PKG=./ctaphid FUZZ=Machine test/fuzz.sh 1m     some packages, some targets
#
# The exit code is 1 where a target found something. The input is in testdata/fuzz
# of its package, and `go test` runs it from then on.
set -euo pipefail
cd "$(dirname "$0")/.."

duration=${1:-10s}
go=${GO:-go}
packages=${PKG:-./...}
wanted=${FUZZ:-.}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# sources lists the packages, and after each its folder and its test files.
sources() {
	# shellcheck disable=SC2086 # several patterns may be given
	$go list -f '{{.ImportPath}} {{.Dir}}{{range .TestGoFiles}} {{.}}{{end}}{{range .XTestGoFiles}} {{.}}{{end}}' $packages
}

# targets lists the fuzz targets of a folder's test files.
targets() {
	(cd "$1" && shift && sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$@") | { grep -E -- "$wanted" || true; }
}

# fuzz runs one target of a test binary in its folder. Without a limit, making a
# found input smaller can use up the time. At its end the fuzzing engine sometimes
# reports its own deadline as a failure; a finding always names the input that it
# wrote down.
fuzz() { # BINARY FOLDER PACKAGE TARGET
	(cd "$2" && "$1" -test.run '^$' -test.fuzz "^$4\$" -test.fuzztime "$duration" -test.fuzzminimizetime 10x \
		-test.fuzzcachedir "$cache/$3") >"$work/log" 2>&1 && return
	! grep -q 'Failing input written to' "$work/log" && grep -q '^    context deadline exceeded$' "$work/log"
}

# last prints the last number that follows a word in the log.
last() { sed -n "s/.*$1: \([0-9]*\).*/\1/p" "$work/log" | tail -1; }

sources >"$work/sources"
cache=$($go env GOCACHE)/fuzz
count=0 execs=0 found=()
printf '%-24s %-24s %10s %8s %8s\n' target package execs new seconds
while read -r package folder files; do
	# shellcheck disable=SC2086 # the names of Go files have no spaces
	mapfile -t names < <([ -z "$files" ] || targets "$folder" $files)
	[ ${#names[@]} -gt 0 ] || continue
	short=${package#github.com/softkey-project/softkey/}
	began=$SECONDS
	$go test -c -fuzz . -o "$work/test" "$package"
	compiling=$((SECONDS - began))
	[ $compiling -lt 5 ] || printf '%-24s %-24s %10s %8s %8d\n' "(compiling)" "$short" "" "" "$compiling"
	for target in "${names[@]}"; do
		began=$SECONDS
		verdict=
		fuzz "$work/test" "$folder" "$package" "$target" || verdict=FOUND
		tried=$(last execs)
		printf '%-24s %-24s %10d %8d %8d %s\n' "$target" "$short" "${tried:-0}" "$(last 'new interesting')" "$((SECONDS - began))" "$verdict"
		[ -z "$verdict" ] || { cat "$work/log"; found+=("$short $target"); }
		count=$((count + 1)) execs=$((execs + ${tried:-0}))
	done
done <"$work/sources"

[ "$count" -gt 0 ] || { echo "fuzz: there are no targets like $wanted in $packages" >&2; exit 1; }
[ ${#found[@]} = 0 ] || { printf 'fuzz: found something: %s\n' "${found[@]}" >&2; exit 1; }
echo "fuzz: $count targets, $duration each, $execs inputs in $SECONDS s, nothing found"
