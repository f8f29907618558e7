"""No process of the demo outlives its supervisor, however that one ends: kill -9 included."""

import ctypes
import os
import signal
import sys
import threading

PR_SET_PDEATHSIG = 1


def hold_on_to(pipe: int) -> None:
    """End this process at once when the supervisor, who holds the other end of the pipe, is gone.

    The pipe works everywhere and through forks; Linux also kills a process that is too busy to notice.
    """
    threading.Thread(target=_wait_for_the_end, args=(pipe,), name="lifeline", daemon=True).start()
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _wait_for_the_end(pipe: int) -> None:
    os.read(pipe, 1)  # nobody ever writes: this returns when the last writer is gone
    os._exit(1)
