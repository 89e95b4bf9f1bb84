# Eight client processes at once at one key, which serves one after the other. The
# tools give up when it is busy, so each tries again until it is its turn.
#
# vm: uml
# packages: fido2-tools
client fido2-tools libfido2
plug

# credential makes one of example.com.
credential() {
	printf '%s\n' "$(head -c 32 /dev/zero | base64)" example.com ada YWRh >parameters
	fido2-cred -M -i parameters "$node" es256 | fido2-cred -V -o public es256
	tail -n +2 public >public.pem
	printf '%s\n' "$(head -c 32 /dev/zero | base64)" example.com "$(head -1 public)" >request
}

# sign N signs until it has done so three times.
sign() {
	local done=0
	while [ $done -lt 3 ]; do
		fido2-assert -G -i request -o "signed.$1" "$node" 2>>"errors.$1" || continue
		fido2-assert -V -i "signed.$1" public.pem es256 && done=$((done + 1))
	done
	echo "signed by $1"
}

# together prints how many of eight have signed.
together() {
	local n clients=()
	for n in 1 2 3 4 5 6 7 8; do
		sign "$n" >"done.$n" &
		clients+=($!)
	done
	wait "${clients[@]}"
	cat done.* | wc -l
}
credential
check 'each of 8 at once signs three times' '^8$' together
note "8 clients at once, 24 signatures: $(cat errors.* | wc -l) further tries ($(sed 's/.*: //' errors.* | sort -u | paste -sd ' '))"
