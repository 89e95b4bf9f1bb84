# Inside the machine: the user unit, in a session that systemd keeps. systemd is the
# first process of a namespace; session.sh, which it runs, has the checks.
client systemd
dpkg -i softkey_*_amd64.deb >/dev/null
useradd -m -G softkey ada
for unit in systemd-udevd.service systemd-udevd-kernel.socket systemd-udevd-control.socket systemd-udev-trigger.service \
	systemd-modules-load.service getty.target; do
	ln -sf /dev/null "/etc/systemd/system/$unit" # the machine has udev
done
cat >/etc/systemd/system/session.service <<UNIT
[Unit]
Requires=basic.target dbus.service systemd-logind.service
After=basic.target dbus.service systemd-logind.service
SuccessAction=exit-force
FailureAction=exit-force
[Service]
Type=oneshot
TimeoutStartSec=120
WorkingDirectory=$PWD
Environment=BASH_ENV=$PWD/library.sh PATH=$PATH
ExecStart=/bin/bash $PWD/session.sh
StandardOutput=file:/run/session.log
StandardError=inherit
UNIT
mount -t cgroup2 cgroup /sys/fs/cgroup
unshare --pid --fork --mount --mount-proc env container=namespace /lib/systemd/systemd --unit=session.service \
	--log-target=null --show-status=no </dev/null
cat /run/session.log
