#!/bin/sh
# After the files of a .deb or .rpm are there: the group that the udev rule names,
# the module, and the rule for what is plugged in already.
set -e
getent group softkey >/dev/null || groupadd --system softkey
# In a container or an image that is being built there is no udev to tell.
if [ -S /run/udev/control ]; then
	[ -e /dev/uhid ] || modprobe uhid 2>/dev/null || echo "softkey: the kernel module uhid cannot be loaded; see: softkey doctor" >&2
	udevadm control --reload
	udevadm trigger --action=change --subsystem-match=misc --sysname-match=uhid
	udevadm trigger --action=change --subsystem-match=hidraw
fi
