# Inside the machine: what packaging/Containerfile makes of the container's files,
# with as few rights as it promises. There is no container engine here: the folder is
# what the image would be, and the program is run as the recipe says.
client coreutils Containerfile
image=/tmp/image
mkdir -m 755 $image
tar -C $image -xpf softkey-container.tar

# instruction NAME prints the words of an instruction whose arguments are JSON.
instruction() { sed -En "s/^$1 *\[\"(.*)\"\]$/\1/p" Containerfile | sed 's/", "/\n/g'; }
mapfile -t entrypoint < <(instruction ENTRYPOINT)
mapfile -t command < <(instruction CMD)
mapfile -t health < <(instruction 'HEALTHCHECK.* CMD')
user=$(sed -n 's/^USER //p' Containerfile)
volume=$(sed -n 's/^VOLUME //p' Containerfile)

# contained COMMAND... runs a program of the image as the recipe's user, with no
# network, no capability nor a way to get one, no environment, and no folder that it
# can write to but the volume.
contained() {
	unshare --mount --net sh -c 'image=$1 volume=$2 user=$3; shift 3
		mount --bind "$image" "$image"
		mount --bind "$image$volume" "$image$volume"
		mount -o remount,bind,ro "$image"
		exec env -i /usr/bin/setpriv --no-new-privs --bounding-set -all,+setuid,+setgid,+sys_chroot \
			/usr/sbin/chroot --userspec="$user" --groups= "$image" "$@"' sh $image "$volume" "$user" "$@"
}

mkfifo container.ready
contained "${entrypoint[@]}" "${command[@]}" >container.ready 2>key.log &
read -r -t 20 line <container.ready || cat key.log
key=$(pgrep -u "${user%:*}")
trap 'kill $key' EXIT
check 'it is ready' "^ready unix:$volume/hid.sock$" echo "$line"
check 'without a capability, or a way to get one' '^CapInh:.0+ CapPrm:.0+ CapEff:.0+ .* NoNewPrivs:.1 ' sh -c "grep -E 'Cap|NoNew' /proc/$key/status | tr '\n' ' '"
check 'and is healthy' '^U2F ' contained "${health[@]}"
check 'a client beside it registers' attestationObject sh -c "setpriv --reuid ${user%:*} --clear-groups \
	/tmp/image/usr/bin/softkey webauthn create --origin https://example.com --device unix:$image$volume/hid.sock <options.json"
check 'another user does not' 'permission denied' fails setpriv --reuid 4711 --clear-groups $image/usr/bin/softkey info --device "unix:$image$volume/hid.sock"
check 'it keeps nothing elsewhere' 'read-only file system' fails contained "${entrypoint[@]}" run --presence deny --transport "unix:$volume/other.sock" --state /usr/key
kill "$key"
wait
trap - EXIT
check 'one that has ended is not healthy' 'no such file|refused' fails contained "${health[@]}"
