"""The process that workers are forked from.

``zygote_supervisor`` runs it as ``python -m mememime_proxy.workers.child.zygote``.

It imports libvips and the pixel code once, does no pixel work (so that it has one thread, which is what makes fork
safe), and then forks a worker whenever it is told to: 2 ms, with nearly all memory shared. Each worker is forked
twice, so that it is a child of the service and not of the zygote: the service learns how it ended, and the zygote can
die without consequence.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import socket
import traceback
from pathlib import Path
from typing import Final, NoReturn

from mememime_proxy.memfd import close_all, read_all
from mememime_proxy.workers import wire
from mememime_proxy.workers.child.worker import Table, serve
from mememime_proxy.workers.sandbox import confine

SOCKET: Final = 3
_OOM_SCORE: Final = "500"
"""Added to the kernel's badness score (of 1000): when memory runs out, a worker is killed and not the service."""
_IGNORED: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""A service manager signals the whole group to stop; the service itself decides when its workers end."""


def libraries(setup: wire.Setup) -> dict[str, str]:
    """Return the versions of the libraries that read and write originals. Imports their code."""
    if setup.film is not None:
        from mememime_proxy.av.engine import libraries as engine  # noqa: PLC0415

        return engine()
    from mememime_proxy.imaging.codecs.codecs import libraries as installed  # noqa: PLC0415

    return installed()


def operations(setup: wire.Setup, watermark: bytes | None) -> Table:
    """Return the operations of workers, by name. Imports the code of pixels, or that of films."""
    table: Table = {}
    if setup.film is not None:
        from mememime_proxy.workers.child.film_operations import operations as films  # noqa: PLC0415

        table.update(films(setup.film, watermark))
    else:
        from mememime_proxy.workers.child.operations import production  # noqa: PLC0415

        table.update(production(setup.render, watermark, setup.fonts_dir, setup.identity))
    if setup.test_operations:
        from mememime_proxy.workers.child.fault_injection import OPERATIONS  # noqa: PLC0415

        table.update(OPERATIONS)
    return table


def _threads() -> int:
    return sum(1 for _ in Path("/proc/self/task").iterdir())


def _run_worker(table: Table, confinement: confine.Confinement) -> NoReturn:
    """Serve as a worker until the end of this forked process. Its socket is descriptor 3, its parent has ended."""
    status = 1
    try:
        confine.die_with_parent()
        confine.set_name("mememime-worker")
        # A worker that wakes up does not preempt the event loop: fewer context switches.
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        status = serve(socket.socket(fileno=SOCKET), table, confinement)
    except BaseException:  # noqa: BLE001 - no code of the zygote may run in this process
        traceback.print_exc()
    finally:
        os._exit(status)


def _fork(
    control: socket.socket,
    descriptors: list[int],
    table: Table,
    confinement: confine.Confinement,
) -> None:
    """Fork a grandchild with ``descriptors`` (socket, stderr); returns in the zygote only."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        connection, stderr = descriptors
        between = os.pidfd_open(os.getpid())
        worker = os.fork()
        if worker == 0:
            # Before the process in between has ended, the service is not the parent that PR_SET_PDEATHSIG is about.
            select.select([between], [], [])
            os.dup2(stderr, 1, inheritable=False)
            os.dup2(stderr, 2, inheritable=False)
            control.detach()
            os.dup2(connection, SOCKET, inheritable=False)
            confinement.close_others(SOCKET)
            _run_worker(table, confinement)
        with socket.socket(fileno=connection) as line:
            wire.send(line, wire.encode(wire.Forked(worker)), (os.pidfd_open(worker),))
    finally:
        os._exit(0)


def main() -> None:
    """Set up, report ready, fork on order, end when the service has ended."""
    confine.close_above(SOCKET)
    control = socket.socket(fileno=SOCKET)
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    confine.set_name("mememime-zygote")
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE)
    message, descriptors = wire.receive(control, wire.MAX_MESSAGE)
    setup = wire.decode_order(message) if message else None
    if not isinstance(setup, wire.Setup):
        return
    os.setpriority(os.PRIO_PROCESS, 0, max(setup.niceness, os.getpriority(os.PRIO_PROCESS, 0)))
    watermark = read_all(descriptors[0], os.fstat(descriptors[0]).st_size) if descriptors else None
    close_all(descriptors)
    table = operations(setup, watermark)
    confinement = confine.prepare(
        setup.memory_limit, setup.max_result, confine=setup.sandbox, folders=(setup.fonts_dir,)
    )
    if _threads() != 1:
        raise RuntimeError("the zygote has several threads: something did pixel work before fork")
    gc.collect()
    # Long-lived objects are left out of garbage collection, which would unshare their pages in each worker.
    gc.freeze()
    wire.send(control, wire.encode(wire.Ready(libraries=libraries(setup))))
    while True:
        message, descriptors = wire.receive(control, wire.MAX_MESSAGE)
        if not message:
            return
        _fork(control, descriptors, table, confinement)
        close_all(descriptors)


if __name__ == "__main__":
    main()
