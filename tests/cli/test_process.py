"""What only a process of its own can show; few, since each costs a start."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

KINFOLD = [sys.executable, "-P", "-m", "kinfold"]


def run(*argv: str | bytes, cwd: Path, **options) -> subprocess.CompletedProcess:
    return subprocess.run([*KINFOLD, *argv], cwd=cwd, capture_output=True, timeout=60, **options)


def test_help_imports_nothing_heavy(tmp_path):
    check = (
        "import sys; from kinfold.cli.main import run; run(['--help']); run(['train', 'classify', '--help'])\n"
        "heavy = {'numpy', 'numba', 'sklearn', 'scipy', 'pyarrow', 'pandas', 'torch', 'rich.console'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", check], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("HEAVY []")


def test_a_plain_locale_is_utf8_all_the_same_and_the_working_folder_is_not_imported(tmp_path, model):
    for name in ("numpy.py", "http.py", "json.py", "typer.py"):
        (tmp_path / name).write_text("raise SystemExit('code from the working folder ran')")
    odd = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-m", "kinfold", "predict", model]
    done = subprocess.run(command, cwd=tmp_path, input="schön 😀\n".encode(), env=odd, capture_output=True, timeout=60)
    assert done.returncode == 0 and json.loads(done.stdout)["record"] == 1, done.stderr
    told = run("explain", model, b"odd \xff \xc3\xb6", "--label", "grün".encode(), cwd=tmp_path, env=odd)
    assert told.returncode == 2 and "grün" in told.stderr.decode("utf-8"), told.stderr


def test_a_reader_that_goes_away_is_no_error(tmp_path, model):
    (tmp_path / "many.txt").write_text("a good film\n" * 50_000)
    command = f"'{sys.executable}' -P -m kinfold predict '{model}' many.txt | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    first, status = done.stdout.splitlines()
    assert json.loads(first)["record"] == 1 and status == "0"
    assert "Traceback" not in done.stderr and "Broken" not in done.stderr and "error" not in done.stderr


def test_closed_streams_and_a_full_disk(tmp_path, model):
    shell = (
        f"K=\"'{sys.executable}' -P -m kinfold\"; eval $K predict '{model}' <&-; echo $?; "
        f"eval $K show '{model}' >/dev/full; echo $?; eval $K show '{model}' >&-; echo $?"
    )
    done = subprocess.run(["bash", "-c", shell], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["3", "5", "0"], done.stderr
    assert "<stdin> is empty" in done.stderr and "No space left" in done.stderr and "Traceback" not in done.stderr


def test_each_line_is_answered_as_it_comes(tmp_path, model):
    with subprocess.Popen(
        [*KINFOLD, "predict", model, "-"], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        for number in (1, 2, 3):
            process.stdin.write(f"text {number}\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["record"] == number
        process.stdin.close()
        assert process.wait(30) == 0


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_nothing_half_written(tmp_path, model, number, status):
    (tmp_path / "out.jsonl").write_text("mine\n")
    with subprocess.Popen(
        [*KINFOLD, "predict", model, "-", "-o", "out.jsonl"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        process.stdin.write("good\n")
        process.stdin.flush()
        deadline = time.monotonic() + 30
        while len(os.listdir(tmp_path)) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(number)
        assert process.wait(30) == status
        told = process.stderr.read()
        process.stdin.close()
    assert "stopped" in told and "Traceback" not in told
    assert os.listdir(tmp_path) == ["out.jsonl"] and (tmp_path / "out.jsonl").read_text() == "mine\n"


def test_stopping_a_training_leaves_the_old_model(tmp_path):
    rows = "".join(f"{['good', 'bad'][i % 2]} thing {i} {i * 7 % 1000} {i * 13 % 977},{i % 2}\n" for i in range(60_000))
    (tmp_path / "big.csv").write_text("text,label\n" + rows)
    command = [*KINFOLD, "train", "classify", "big.csv", "-o", "m", "--set", "n_folds=10"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if line.startswith("choosing"):
                process.send_signal(signal.SIGINT)
                break
        assert process.wait(30) == 130
        told = process.stderr.read()
    assert told.strip().splitlines()[-1].startswith("stopped")
    assert os.listdir(tmp_path) == ["big.csv"]
