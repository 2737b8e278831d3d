"""
Regular files, read whole: no link is followed, no pipe waited for.
"""

import errno
import os
import stat

_OPEN = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def read_regular(path: str) -> bytes | None:
    """
    Return what the file at `path` holds; None where it is no regular file. Raises OSError where it cannot be read.

    A state folder has tens of thousands of files: each is read by as few calls of the system as can be.
    """
    descriptor = os.open(path, _OPEN)
    try:
        found = os.fstat(descriptor)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if not stat.S_ISREG(found.st_mode):
            return None
        content = os.read(descriptor, found.st_size + 1)
        if len(content) == found.st_size:
            return content
        # it grew meanwhile, or is larger than one call may give
        parts = [content]
        while part := os.read(descriptor, found.st_size + 1):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(descriptor)
