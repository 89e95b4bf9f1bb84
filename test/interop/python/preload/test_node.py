"""The library itself: what a program sees of /dev/hidraw0, here one in Python."""

import sys

from host import NODE

# The report descriptor of CTAP 2.3 §11.2.8.1.
DESCRIPTOR = bytes.fromhex(
    "06d0f1 0901 a101"
    "0920 1500 26ff00 7508 9540 8102"
    "0921 1500 26ff00 7508 9540 9102"
    "c0"
)

# What each program begins with. report is an INIT on the broadcast channel, behind
# the number of the report: 0.
PRELUDE = """
import ctypes, errno, fcntl, os, select, signal, sys
HIDIOCGRDESCSIZE, HIDIOCGRDESC, HIDIOCGRAWINFO, HIDIOCGRAWNAME = 0x80044801, 0x90044802, 0x80084803, 0x80404804
report = bytes([0]) + b"\\xff" * 4 + bytes([0x86, 0, 8]) + b"\\x07" * 8 + bytes(49)
"""


def program(host, text, **kwargs):
    """Runs a program in Python and returns the lines that it prints."""
    return host.run(sys.executable, "-c", PRELUDE + text, **kwargs).splitlines()


def test_node(host):
    assert host.plug() == NODE
    printed = program(host, """
node = os.open("/dev/hidraw0", os.O_RDWR)
size = int.from_bytes(fcntl.ioctl(node, HIDIOCGRDESCSIZE, bytes(4)), sys.byteorder)
print(size, fcntl.ioctl(node, HIDIOCGRDESC, size.to_bytes(4, sys.byteorder) + bytes(size))[4:].hex())
print(fcntl.ioctl(node, HIDIOCGRAWINFO, bytes(8)).hex(" ", 2))
try:
    fcntl.ioctl(node, HIDIOCGRAWNAME, bytes(64))
except OSError as failure:
    print(errno.errorcode[failure.errno])
""")
    assert printed == [f"34 {DESCRIPTOR.hex()}", "0300 0000 d0f1 015f", "EINVAL"]


def test_reports(host):
    """A write is a report; each read is one, though two are there; what follows the length asked for is gone."""
    host.plug()
    printed = program(host, """
node = os.open("/dev/hidraw0", os.O_RDWR)
print(os.write(node, report), os.write(node, report))
select.select([node], [], [])
answers = os.read(node, 200), os.read(node, 15)
print([len(answer) for answer in answers], *(answer[:15].hex() for answer in answers))
for size in 0, 66:
    try:
        os.write(node, bytes(size))
    except OSError as failure:
        print(errno.errorcode[failure.errno])
""")
    answer = "ffffffff860011" + "07" * 8
    assert printed == ["65 65", f"[64, 15] {answer} {answer}", "EINVAL", "EINVAL"]


def test_other_files(host):
    """Files that are no keys are as they were, even under a number that a key had."""
    host.plug()
    printed = program(host, """
node = os.open("/dev/hidraw0", os.O_RDWR)
os.close(node)
file = os.open("file", os.O_RDWR | os.O_CREAT, 0o600)
print(file == node, oct(os.fstat(file).st_mode), os.write(file, bytes(100)), os.lseek(file, 0, 0), len(os.read(file, 200)))
try:
    os.open("/dev/hidraw9999", os.O_RDWR)
except OSError as failure:
    print(errno.errorcode[failure.errno])
""")
    assert printed == ["True 0o100600 100 0 100", "ENOENT"]


def test_two_keys(host):
    host.plug()
    host.plug()
    printed = program(host, """
nodes = [os.open(f"/dev/hidraw{n}", os.O_RDWR) for n in (1, 0)]
os.write(nodes[0], report)
print(len(os.read(nodes[0], 64)), select.select([nodes[1]], [], [], 0)[0])
""")
    assert printed == ["64 []"]


def test_unplugged(host):
    """A key that goes away ends what waits for it, as the kernel does."""
    host.plug(presence="ignore")
    key = host.keys[0]
    printed = program(host, f"""
node = os.open("/dev/hidraw0", os.O_RDWR)
os.write(node, report)
os.read(node, 64)
signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # as in a program in C
os.kill({key.process.pid}, signal.SIGTERM)
for attempt in lambda: os.read(node, 64), lambda: os.write(node, report):
    try:
        attempt()
    except OSError as failure:
        print(errno.errorcode[failure.errno])
""")
    assert printed == ["EIO", "EIO"]


def test_enumeration(host):
    """The functions of libudev that are replaced, as hidapi calls them; a file that it reads in /sys."""
    host.plug()
    host.plug()
    printed = program(host, """
udev = ctypes.CDLL(None)
def call(name, *arguments, returns=ctypes.c_void_p):
    function = getattr(udev, "udev_" + name)
    function.restype = returns
    return function(*(ctypes.c_void_p(a) if isinstance(a, int) else a for a in arguments))
context = call("new")
for subsystem in b"hidraw", b"nfc":
    enumeration = call("enumerate_new", context)
    call("enumerate_add_match_subsystem", enumeration, subsystem, returns=ctypes.c_int)
    call("enumerate_scan_devices", enumeration, returns=ctypes.c_int)
    entry = call("enumerate_get_list_entry", enumeration)
    while entry:
        folder = call("list_entry_get_name", entry, returns=ctypes.c_char_p)
        device = call("device_new_from_syspath", context, folder)
        parent = call("device_get_parent_with_subsystem_devtype", device, b"hid", None)
        print(call("device_get_devnode", device, returns=ctypes.c_char_p).decode(),
            call("device_get_sysattr_value", parent, b"uevent", returns=ctypes.c_char_p).decode().split(),
            call("device_get_parent_with_subsystem_devtype", device, b"usb", b"usb_device"))
        entry = call("list_entry_get_next", entry)
    call("enumerate_unref", enumeration)
print(os.read(os.open(folder + b"/device/report_descriptor", os.O_RDONLY), 100).hex())
""")
    uevent = ["HID_ID=0003:0000F1D0:00005F01", "HID_NAME=softkey", "HID_UNIQ="]
    assert printed == [f"/dev/hidraw0 {uevent} None", f"/dev/hidraw1 {uevent} None", DESCRIPTOR.hex()]


def test_nobody_there(host):
    """A socket that nobody answers on is told once for each attempt."""
    missing = host.folder / "missing.sock"
    printed = program(host, """
try:
    os.open("/dev/hidraw0", os.O_RDWR)
except OSError as failure:
    print(errno.errorcode[failure.errno])
""", keys=f"unix:{missing}")
    assert printed == [f"softkey-hidraw: /dev/hidraw0: {missing}: No such file or directory", "ENOENT"]


def test_bad_address(host):
    for keys in "", "tcp:localhost:1", "unix:/a,", f"unix:/{'x' * 200}", ",".join(["unix:/a"] * 9):
        printed = program(host, "print('ran')", keys=keys, status=2)
        assert len(printed) == 1 and printed[0].startswith("softkey-hidraw: SOFTKEY_HIDRAW: "), printed
