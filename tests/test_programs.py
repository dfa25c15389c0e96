"""Recipes and benchmarks run in their short form and write what they promise."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
RECIPES = sorted(path.stem for path in (ROOT / "recipes").glob("*.py") if path.stem not in ("common", "demo"))
BENCHMARKS = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py") if path.stem != "common")


def run(program, *arguments, cwd):
    environment = {name: value for name, value in os.environ.items() if name != "KINFOLD_DATA"}
    command = [sys.executable, str(program), *arguments]
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("name", RECIPES)
def test_recipe(name, tmp_path):
    out = run(ROOT / "recipes" / f"{name}.py", "--quick", "--seed", "3", "--json", "result.json", cwd=tmp_path)
    result = json.loads((tmp_path / "result.json").read_text("utf-8"))
    wanted = "recipe systems published measured rows settings seconds peak_rss_mb seed"
    assert list(result) == wanted.split()
    assert result["recipe"] == name and result["seed"] == 3 and result["systems"]
    assert result["measured"] and set(result["published"]) <= set(result["measured"])
    for measured in result["measured"].values():
        assert measured["low"] <= measured["value"] <= measured["high"]
    assert all(measure in out for measure in result["measured"])


@pytest.mark.parametrize("name", BENCHMARKS)
def test_benchmark(name, tmp_path):
    if name == "linear_classifier":
        pytest.importorskip("fasttext", reason="fastText comes with the extra bench")
    if name == "read_table":
        pytest.importorskip("pandas", reason="pandas comes with the extra bench")
    if name == "search":
        pytest.importorskip("faiss", reason="faiss comes with the extra bench")
        pytest.importorskip("bm25s", reason="bm25s comes with the extra bench")
    run(ROOT / "benchmarks" / f"{name}.py", "--quick", "--json", "result.json", cwd=tmp_path)
    result = json.loads((tmp_path / "result.json").read_text("utf-8"))
    assert result["benchmark"] == name and {"ours", "peers", "ratio", "machine"} <= set(result)
    assert all(isinstance(value, dict) for value in (result["ours"], result["peers"], result["ratio"]))


def test_demo(tmp_path):
    out = run(ROOT / "recipes" / "demo.py", cwd=tmp_path)
    assert out.count('"label"') == 3, "three sentences are answered"
    assert "majority" in (tmp_path / "demo" / "report.html").read_text("utf-8").lower()
