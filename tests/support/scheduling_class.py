"""Keeps the processes of tests from becoming real-time ones."""

from __future__ import annotations

import ctypes
import os
import struct

_CAP_SYS_NICE = 23
_PR_CAPBSET_DROP = 24
_VERSION_3 = 0x20080522
"""Of the interface of capget(2): two words for each set of capabilities."""


def give_up_real_time() -> None:
    """Give up the capability to be scheduled before all other processes, for this one and all that it starts.

    SVT-AV1 gives the thread of root that opens it the policy SCHED_FIFO and the highest priority. All that is started
    from there has it, too, so that the other processes of a test run get no CPU time. Workers have no capabilities.
    """
    if os.geteuid() != 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    # Programs that root starts have what is in the bounding set.
    if libc.prctl(_PR_CAPBSET_DROP, _CAP_SYS_NICE, 0, 0, 0) != 0:
        return  # a root without capabilities
    header, sets = struct.pack("Ii", _VERSION_3, 0), ctypes.create_string_buffer(24)
    if libc.capget(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capget")
    words = list(struct.unpack("6I", sets.raw))
    # The effective, permitted and inheritable sets, lower word first.
    for number in (0, 1, 2):
        words[number] &= ~(1 << _CAP_SYS_NICE)
    if libc.capset(header, struct.pack("6I", *words)) != 0:
        raise OSError(ctypes.get_errno(), "capset")
