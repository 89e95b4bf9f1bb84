# Logins by PAM: pamu2fcfg enrols the key, and pamtester signs in where pam_u2f asks
# for it.
#
# vm: uml
# packages: libpam-u2f pamu2fcfg pamtester
client libpam-u2f pam_u2f
pin=1357bdf
echo "$pin" >pin
service=softkey-e2e
trap 'rm -f /etc/pam.d/$service; unplug_all' EXIT

# enrol FLAGS... has the key known as root's; FLAGS are of pamu2fcfg.
enrol() {
	typing "$pin" pamu2fcfg -u root -o pam://e2e -i pam://e2e "$@" | grep -o 'root:.*' >mapping
	cat mapping
}

# login OPTIONS... signs in where pam_u2f is told OPTIONS.
login() {
	echo "auth required pam_u2f.so authfile=$PWD/mapping origin=pam://e2e appid=pam://e2e $*" >/etc/pam.d/$service
	typing "$pin" pamtester $service root authenticate
}

plug --pin-file pin
first=$key
check 'pamu2fcfg enrols the key' '^root:.*,es256,\+presence' enrol
check 'pamtester signs in' 'successfully authenticated' login cue
check 'and with the PIN' 'successfully authenticated' login pinverification=1
check 'pamu2fcfg enrols a passkey, with the PIN' '^root:.*,es256,\+presence.*\+pin' enrol --resident --pin-verification
check 'pamtester signs in with it' 'successfully authenticated' login cue
unplug "$first"
check 'without a key it does not' 'Authentication failure' fails login
plug
check 'nor with another' 'Authentication failure' fails login
