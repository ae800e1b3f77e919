"""The operating system's part of the worker's cage: no new files, no writing, no sockets, no programs, bounded memory.

DuckDB's ``allowed_paths`` also allows to *overwrite* an allowed file (``COPY ... (USE_TMP_FILE false)``), so reading only is
asked of the kernel (Landlock, Linux 5.13 and later). Where there is none, the worker still runs SELECT statements only.
"""

from __future__ import annotations

import contextlib
import ctypes
import resource
import signal

_CREATE_RULESET, _RESTRICT_SELF, _NO_NEW_PRIVILEGES = 444, 446, 38
_READ_FILE, _READ_DIRECTORY = 1 << 2, 1 << 3
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
"""How many access rights to files each Landlock version knows; 16 since version 5."""
_TCP = 0b11


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64))


def close_cage() -> bool:
    """Give up for good the right to change any file or to open a connection. False where the kernel cannot do it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    with contextlib.suppress(ValueError, OSError):
        return _landlock()
    return False


def _landlock() -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, 0, 0, 1)
    if version < 1:
        return False
    rights = (1 << _FILE_RIGHTS.get(version, 16)) - 1
    rules = _Ruleset(rights & ~_READ_FILE & ~_READ_DIRECTORY, _TCP if version >= 4 else 0)
    size = ctypes.sizeof(rules) if version >= 4 else ctypes.sizeof(ctypes.c_uint64)
    ruleset = libc.syscall(_CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), 0)
    if ruleset < 0 or libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0)
