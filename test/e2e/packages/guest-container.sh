# Inside the machine: the image of packaging/Containerfile, with as few rights as it
# promises. buildah makes it; no container engine runs in here, so the program is run
# as the image says, in a chroot.
client buildah

# images ARGUMENT... is buildah with a storage that works on any file system.
images() { buildah --root /tmp/images --runroot /tmp/images.run --storage-driver vfs "$@"; }

check 'buildah makes the image' 'Successfully tagged' images bud --isolation chroot --format docker -f Containerfile -t softkey .
image=/tmp/image
mkdir $image
mount --bind "$(images mount "$(images from --pull-never localhost/softkey)")" $image

# config NAME prints the words of a member of the image's configuration.
config() {
	images inspect --type image softkey | python3 -c 'import json, sys
value = json.load(sys.stdin)["Docker"]["config"][sys.argv[1]]
if isinstance(value, dict):
    value = value["Test"][1:] if "Test" in value else list(value)
print(value if isinstance(value, str) else "\n".join(value))' "$1"
}
mapfile -t entrypoint < <(config Entrypoint)
mapfile -t command < <(config Cmd)
mapfile -t health < <(config Healthcheck)
user=$(config User)
volume=$(config Volumes)

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
