"""One writer at a time, named to the others; readers see the old model or the new, never a mixture."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from toy_estimator import digest, fitted, load_toy, save_toy

from kinfold.artifacts import files
from kinfold.artifacts.store import check_writable, reserve
from kinfold.artifacts.versions import describe, verify
from kinfold.errors import ArtifactError, InvalidParameterError, LockedError

HELPERS = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"


def _start(code, *arguments):
    command = [sys.executable, "-c", HELPERS + code, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


HOLDER = """
from kinfold.artifacts.store import reserve
with reserve(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the folder until it is told or killed."""
    process = _start(HOLDER, tmp_path / "m")
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_second_writer_is_told_who_holds_the_folder(holder, tmp_path):
    for action in (lambda: save_toy(fitted(1), tmp_path / "m"), lambda: check_writable(tmp_path / "m")):
        with pytest.raises(LockedError) as caught:
            action()
        assert caught.value.exit_code == 6
        assert f"process {holder.pid} on {os.uname().nodename}, since 20" in caught.value.seen


def test_lock_of_a_killed_process_is_taken_over(holder, tmp_path):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (tmp_path / "m" / ".lock").read_text()
    save_toy(fitted(1), tmp_path / "m")
    assert not (tmp_path / "m" / ".lock").exists()


def test_lock_file_alone_locks_nothing(tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / ".lock").write_text('{"pid": 1}')
    save_toy(fitted(1), tmp_path / "m")


def test_lock_file_with_anything_in_it_is_shown_harmlessly(holder, tmp_path):
    for text in ("", "[", '{"pid": "x"}', '{"pid": 7, "host": "\\u001b[2J", "started": "now"}', "[" * 500):
        (tmp_path / "m" / ".lock").write_text(text)
        with pytest.raises(LockedError) as caught:
            check_writable(tmp_path / "m")
        assert "\x1b" not in str(caught.value)


def test_readers_do_not_mind_the_lock(holder, tmp_path):
    with pytest.raises(ArtifactError, match="no model here"):
        load_toy(tmp_path / "m")


def test_reserve_keeps_the_folder_through_a_long_training(tmp_path):
    with reserve(tmp_path / "m") as lock:
        with pytest.raises(LockedError):
            save_toy(fitted(1), tmp_path / "m")
        with pytest.raises(InvalidParameterError, match="the lock is for"):
            save_toy(fitted(1), tmp_path / "other", lock=lock)
        assert save_toy(fitted(1), tmp_path / "m", lock=lock) == "v000001"
        assert save_toy(fitted(2), tmp_path / "m", lock=lock) == "v000002"
    assert save_toy(fitted(3), tmp_path / "m") == "v000003"


def test_reserve_leaves_nothing_when_training_fails(tmp_path):
    with pytest.raises(ZeroDivisionError), reserve(tmp_path / "a" / "m"):
        raise ZeroDivisionError
    assert not (tmp_path / "a").exists()


def test_file_system_without_locks_is_a_warning(tmp_path, monkeypatch):
    def refuse(fd):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(files, "lock", refuse)
    (warning,) = check_writable(tmp_path / "m")
    assert "without locks" in warning
    assert save_toy(fitted(1), tmp_path / "m") == "v000001"
    assert load_toy(tmp_path / "m").tag == 1


SAVER = """
from toy_estimator import fitted, save_toy
from kinfold.errors import LockedError
path, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
refused = 0
for tag in range(first, first + count):
    model = fitted(tag)
    while True:
        try:
            save_toy(model, path)
            break
        except LockedError:
            refused += 1
print(refused)
"""


def test_two_savers_and_a_reader(tmp_path):
    """40 saves by two processes while this one reads: every read gives a whole model that somebody saved."""
    path = tmp_path / "m"
    save_toy(fitted(0), path)
    digests = {tag: digest(fitted(tag)) for tag in [0, *range(100, 120), *range(200, 220)]}
    savers = [_start(SAVER, path, first, 20) for first in (100, 200)]
    seen = set()
    while any(saver.poll() is None for saver in savers):
        model = load_toy(path)
        assert digest(model) == digests[model.tag]
        assert describe(path).format == 1
        seen.add(model.tag)
    for saver in savers:
        output, _ = saver.communicate(timeout=60)
        assert saver.returncode == 0, output
    assert len(seen) > 3
    assert [manifest.version for manifest in verify(path)] == ["v000040", "v000041"]


def test_threads_of_one_process_exclude_each_other_too(tmp_path):
    saved, refused = [], []

    def work(tag):
        try:
            saved.append(save_toy(fitted(tag), tmp_path / "m"))
        except LockedError:
            refused.append(tag)

    threads = [threading.Thread(target=work, args=(tag,)) for tag in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(saved) + len(refused) == 8
    assert len(set(saved)) == len(saved) >= 1
    verify(tmp_path / "m")


def test_reader_whose_version_is_replaced_reads_the_new_one(tmp_path, monkeypatch):
    """The version a reader has opened is removed before it reads the weights."""
    save_toy(fitted(1), tmp_path / "m")
    read, calls = files.open_file, []

    def open_late(name, folder):
        calls.append(name)
        if calls.count("weights.safetensors") == 1 and name == "weights.safetensors":
            monkeypatch.setattr(files, "open_file", read)
            for tag in (2, 3, 4):
                save_toy(fitted(tag), tmp_path / "m")
        return read(name, folder)

    monkeypatch.setattr(files, "open_file", open_late)
    assert load_toy(tmp_path / "m").tag == 4
