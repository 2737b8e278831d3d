"""
What a command leaves behind in its process, and the end of that.
"""

import gc
import os
import sys
from typing import NoReturn

_kept: list[object] = []


def keep(*gathered: object) -> None:
    """
    Keep what a command gathered until its process ends, or the next command of the process has gathered more.

    The garbage collector does not look through it, nor through anything else that there is by now.
    """
    _kept[:] = gathered
    gc.freeze()


def begin() -> None:
    """
    Begin a command: what an earlier one of the process kept is looked through again.
    """
    gc.unfreeze()


def leave(code: int) -> NoReturn:
    """
    End the process with an exit code.

    Python gives memory back piece by piece: of a hundred thousand people that takes a fifteenth of their plan.
    Where anything is kept the system takes all of it back at once instead.
    """
    if _kept and _flushed():
        os._exit(code)
    sys.exit(code)


def _flushed() -> bool:
    """
    Return whether everything that was printed has left; whoever reads it may have gone.
    """
    try:
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
    except (OSError, ValueError):
        return False
    return True
