# The kernel makes a node of the key, and udev takes it for a security key.
#
# vm: uml
# packages: udev
client udev
plug
check 'the ready line names the node' '^/dev/hidraw[0-9]+$' echo "$node"
check 'udev knows a security key' 'ID_FIDO_TOKEN=1' udevadm info "$node"
check 'and tags it' 'TAGS=.*:security-device:' udevadm info "$node"
check 'its identity' 'HID_ID=0003:0000F1D0:00005F01' cat "/sys/class/hidraw/${node#/dev/}/device/uevent"
unplug
check 'a key that is stopped is gone' '^gone$' sh -c "test -e $node || echo gone"
