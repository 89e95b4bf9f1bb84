#!/usr/bin/env bash
# guest.sh FILE SECONDS... runs the groups of scenarios of those files, one after the
# other, each in its folder groups/NAME and no longer than that. Called by run in the
# folder that it shares with the machine; prints how each ended. Processes and mounts
# of a group end with it.
set -u
share=$PWD
export PATH=$share/bin:$PATH PYTHONPATH=$share/python E2E_SHARE=$share

while [ $# -gt 0 ]; do
	name=$(basename "$1" .sh)
	rm -rf "$share/groups/$name" # of a machine that died
	mkdir -p "$share/groups/$name"
	cd "$share/groups/$name" || exit
	begin=$SECONDS
	BASH_ENV=$share/e2e/library.sh timeout -s KILL "$2" unshare --pid --fork --kill-child --mount-proc \
		bash "$share/e2e/$1" </dev/null >log 2>&1
	echo $? >status
	printf '%-14s status %s, %s ok, %s failed, %s s\n' "$name" "$(cat status)" \
		"$(grep -c '	ok	' log)" "$(grep -c '	failed	' log)" $((SECONDS - begin))
	shift 2
done
