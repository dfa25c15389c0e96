"""Freed memory stays with the process while it trains.

Each step takes hundreds of megabytes and gives them back. By default the C library hands large pieces back to the
system, which clears every page anew at the next step. What a training keeps is what it needs at most; at its end all
of it goes back.
"""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

# The names of mallopt(3): when freed memory at the heap's end is given back, what is asked for beyond the need, and
# from which size on a piece is mapped, and so given back, on its own.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
_KEPT = {_MMAP_THRESHOLD: 1 << 30, _TRIM_THRESHOLD: (1 << 31) - 1, _TOP_PAD: 64 << 20}
# As the library has them after a while: its thresholds grow up to these.
_USUAL = {_MMAP_THRESHOLD: 32 << 20, _TRIM_THRESHOLD: 64 << 20, _TOP_PAD: 128 << 10}
# Trainings may stand within one another or side by side: the last that ends gives back.
_lock, _users = Lock(), 0


@contextmanager
def keep_memory() -> Iterator[None]:
    """Let the C library keep what is freed within the block; where it is not glibc's, change nothing."""
    global _users
    library = ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None
    with _lock:
        _users += 1
        _set(library, _KEPT)
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users:
                _set(library, _USUAL)
                if library is not None:
                    library.malloc_trim(0)


def _set(library: ctypes.CDLL | None, values: dict[int, int]) -> None:
    if library is not None:
        for name, value in values.items():
            library.mallopt(name, value)
