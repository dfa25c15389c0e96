"""What is freed within a training stays for the next step, and goes back in the end."""

from __future__ import annotations

import json
import platform
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told to keep memory")
SIZE = 48 << 20

# In a process of its own: what others have left in the heap would be used first.
PROGRAM = f"""
import ctypes, json
from pathlib import Path
from kinfold.training.memory import keep_memory

library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p

def held():
    return int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0]) * 1024

def after_a_step():
    piece = ctypes.c_void_p(library.malloc(ctypes.c_size_t({SIZE})))
    ctypes.memset(piece, 1, {SIZE})
    library.free(piece)
    return held() - before

before = held()
seen = {{"usual": after_a_step()}}
with keep_memory():
    with keep_memory():
        seen["within both"] = after_a_step()
    seen["within one"] = after_a_step()
seen["after"] = held() - before
seen["usual again"] = after_a_step()
print(json.dumps(seen))
"""


def test_freed_memory_is_kept_within_and_given_back_after():
    said = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout
    seen = json.loads(said)
    assert {what for what, kept in seen.items() if kept > SIZE / 2} == {"within both", "within one"}, seen
