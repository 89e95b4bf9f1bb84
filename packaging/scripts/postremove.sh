#!/bin/sh
# After the files have gone. dpkg says remove, purge or upgrade; rpm says how many
# are left: 0 or 1. The keys of users stay in their homes.
set -e
case ${1-} in remove | purge | 0) ;; *) exit 0 ;; esac
if [ -S /run/udev/control ]; then
	udevadm control --reload
	udevadm trigger --action=change --subsystem-match=hidraw
fi
if [ -c /dev/uhid ]; then # udev has no rule any more that would change it
	chown root:root /dev/uhid
	chmod 600 /dev/uhid
fi
case $1 in purge | 0) if getent group softkey >/dev/null; then groupdel softkey; fi ;; esac
