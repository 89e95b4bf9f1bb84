# OpenSSH, which has libfido2 built in: keys of both types, on the key and beside it,
# signatures, and logins at an sshd.
#
# vm: uml
# packages: openssh-client openssh-server
# timeout: 300
client openssh-client OpenSSH
pin=1357bdf
echo "$pin" >pin
plug --pin-file pin

# pair TYPE FILE FLAGS... makes a key.
pair() {
	local type=$1 file=$2
	shift 2
	typing "$pin" ssh-keygen -t "$type" -N '' -C ada -f "$file" "$@"
}

for type in ecdsa ed25519; do
	check "ssh-keygen makes an $type-sk key" 'SHA256:' pair "$type-sk" "$type"
	check "and a resident one, with the PIN" 'SHA256:' pair "$type-sk" "$type-rk" -O resident -O "application=ssh:$type" -O verify-required
done
check 'ssh-keygen finds both on the key' 'id_ecdsa_sk_rk_ecdsa.*id_ed25519_sk_rk_ed25519' \
	typing "$pin" sh -c 'ssh-keygen -K -N ""; ls | paste -sd " "'

echo message >message
check 'ssh-keygen signs a file' 'Write signature|Signing file' ssh-keygen -Y sign -f ed25519 -n file message
check 'and verifies it' 'Good "file" signature' \
	sh -c 'echo "ada $(cat ed25519.pub)" >allowed; ssh-keygen -Y verify -f allowed -I ada -n file -s message.sig <message'

# The server takes these keys alone; those on the key only with the user verified.
ssh-keygen -q -t ed25519 -N '' -f host
cat ecdsa.pub ed25519.pub >authorized
sed 's/^/verify-required /' id_*_rk_*.pub >>authorized
mkdir -p /run/sshd
/usr/sbin/sshd -f /dev/null -p 2222 -h "$PWD/host" -E sshd.log -o ListenAddress=127.0.0.1 -o PidFile="$PWD/sshd.pid" \
	-o AuthorizedKeysFile="$PWD/authorized" -o StrictModes=no -o UsePAM=no -o PasswordAuthentication=no
trap 'kill "$(cat sshd.pid)"; unplug_all' EXIT

# login KEY: a command runs at the server.
login() {
	typing "$pin" timeout --foreground 60 ssh -F none -p 2222 -i "$1" -o IdentitiesOnly=yes -o StrictHostKeyChecking=no \
		-o UserKnownHostsFile=/dev/null 127.0.0.1 echo "logged in"
}

for name in ecdsa ed25519 id_ecdsa_sk_rk_ecdsa id_ed25519_sk_rk_ed25519; do
	check "ssh logs in with $name" 'logged in' login "$name"
done
unplug
check 'without the key it does not' 'Permission denied' fails login ecdsa
