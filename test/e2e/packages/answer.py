"""answer.py N ACTION [forged]: waits for the Nth notification of the mock, and lets the
user click on a button; forged: another program says before that it was Approve."""
import sys
import time

import dbus
import dbus.lowlevel

NAME, PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
bus = dbus.SessionBus()
mock = dbus.Interface(bus.get_object(NAME, PATH), "org.freedesktop.DBus.Mock")


def shown():
    """Returns how many notifications there were: it is the number of the last."""
    return sum(1 for call in mock.GetCalls() if call[1] == "Notify")


number = dbus.UInt32(sys.argv[1])
while shown() < number:
    time.sleep(0.05)
if "forged" in sys.argv:
    signal = dbus.lowlevel.SignalMessage(PATH, NAME, "ActionInvoked")
    signal.append(number, "approve", signature="us")
    bus.send_message(signal)
    bus.flush()
    time.sleep(0.5)  # it would have agreed by now
mock.EmitSignal(NAME, "ActionInvoked", "us", [number, sys.argv[2]])
