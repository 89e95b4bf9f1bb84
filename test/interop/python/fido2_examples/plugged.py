"""Runs a program with softkeys in place of the keys that python-fido2 finds in USB ports:

plugged.py PROGRAM ADDRESS...

The program sees a key at each address, such as unix:PATH, in that order, and
nothing else of python-fido2 is changed.
"""

import runpy
import socket
import sys

import fido2.hid
from fido2.hid.base import HidDescriptor
from softkey import PATIENCE, REPORT_SIZE
from softkey_testing.hid import SocketConnection

program, *addresses = sys.argv[1:]


def list_descriptors():
    return [HidDescriptor(address, 0xF1D0, 0x5F01, REPORT_SIZE, REPORT_SIZE, "softkey", None) for address in addresses]


def open_connection(descriptor):
    conn = socket.socket(socket.AF_UNIX)
    conn.settimeout(PATIENCE)
    conn.connect(descriptor.path.removeprefix("unix:"))
    return SocketConnection(conn)


fido2.hid.list_descriptors = list_descriptors
fido2.hid.open_connection = open_connection
sys.argv = [program]
runpy.run_path(program, run_name="__main__")
