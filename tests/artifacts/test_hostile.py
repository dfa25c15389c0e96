"""Hostile and damaged folders are refused, quickly, and nothing in them ever runs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hostile import CASES, change_manifest, reseal
from toy_estimator import fitted, load_toy, save_toy

from kinfold.artifacts.versions import describe
from kinfold.errors import ArtifactError


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    path = tmp_path_factory.mktemp("good") / "model"
    save_toy(fitted(1), path)
    return path


@pytest.fixture(scope="module")
def report(good, tmp_path_factory):
    """What a child process saw: every case loaded, verified and described under an audit hook."""
    root = tmp_path_factory.mktemp("hostile")
    marker = tmp_path_factory.mktemp("markers") / "ran"
    paths = {}
    for name, (_, _, build) in CASES.items():
        model = root / name / "model"
        shutil.copytree(good, model)
        paths[name] = str(build(model, marker))
    spare = root / "good"
    shutil.copytree(good, spare)
    child = Path(__file__).parent / "hostile_child.py"
    # The folder of a hostile model is the worst place to start Python in.
    command = [sys.executable, "-P", str(child), str(root), str(spare), json.dumps(paths)]
    start_in = root / "extra_sitecustomize.py_on_top" / "model"
    done = subprocess.run(command, cwd=start_in, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) | {"marker": marker}


def test_there_are_enough_cases():
    rows = {row for row, _, _ in CASES.values()}
    assert len(CASES) >= 90
    # 101, 102, 107 and 112 have tests of their own: they are not refused, or not one folder.
    assert rows == {*range(91, 113)} - {101, 102, 107, 112}


@pytest.mark.parametrize("load", ["load_toy", "load_mapped"])
@pytest.mark.parametrize("name", CASES)
def test_refused(name, load, report):
    row, code, _ = CASES[name]
    found = report["cases"][name][load]
    assert found["code"] == code, f"row {row}: {found}"
    assert found["exit"] == 4
    assert found["text"].isprintable() or all(line.isprintable() for line in found["text"].splitlines())


@pytest.mark.parametrize("name", CASES)
def test_nothing_ran(name, report):
    for action, found in report["cases"][name].items():
        assert found["events"] == [], f"{action} of {name}"
        assert found["modules"] == [], f"{action} of {name}"
        assert found["code"] is None or not found["code"].startswith("raised"), f"{action}: {found['code']}"
    assert not report["marker"].exists()


def test_refused_quickly_and_in_little_memory(report):
    seconds = sorted(case[load]["seconds"] for case in report["cases"].values() for load in ("load_toy", "load_mapped"))
    assert seconds[len(seconds) // 2] < 0.1
    assert seconds[-1] < 1.0
    assert report["rss_after_kb"] - report["rss_before_kb"] < 100_000


def test_a_good_model_still_loads_after_all_of_them(report):
    assert report["good_again"]
    assert report["path"] == []


def test_the_hook_would_have_seen_a_pickle_run(tmp_path):
    """Without this the tests above could pass because the hook is deaf."""
    code = (
        "import sys, pickle, os\n"
        "seen = []\n"
        "class Bomb:\n"
        f"    def __reduce__(self): return (os.system, ('touch {tmp_path}/ran',))\n"
        "data = pickle.dumps(Bomb())\n"
        "sys.addaudithook(lambda event, args: seen.append(event))\n"
        "pickle.loads(data)\n"
        "assert 'os.system' in seen and 'pickle.find_class' in seen\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert (tmp_path / "ran").exists()


def test_format_error_names_both_versions(good, tmp_path):
    shutil.copytree(good, tmp_path / "m")
    change_manifest(tmp_path / "m", format=7)
    with pytest.raises(ArtifactError, match=r"has format 7, this kinfold reads format 1") as caught:
        load_toy(tmp_path / "m")
    assert "kinfold 0" in caught.value.seen
    assert "newer kinfold" in caught.value.fix


def test_missing_path_names_the_nearest(good):
    with pytest.raises(ArtifactError) as caught:
        load_toy(good.parent / "modle")
    assert "model" in caught.value.fix


def test_text_in_a_model_is_shown_and_never_obeyed(good, tmp_path):
    """Row 101: templates, markup and terminal codes are plain text, escaped where they are shown."""
    shutil.copytree(good, tmp_path / "m")
    nasty = "{{7*7}} <img src=x onerror=alert(1)> \x1b[2J\u202e"

    def edit(document):
        document["values"]["labels"][0] = nasty
        document["metrics"] = {nasty: {"value": 0.5}}
        document["created"] = nasty

    reseal(tmp_path / "m", edit)
    assert load_toy(tmp_path / "m").classes_[0] == nasty
    manifest = describe(tmp_path / "m")
    text = "\n".join(f"{name} {value}" for name, value in manifest.rows())
    assert "{{7*7}}" in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "<img" not in manifest._repr_html_()
    assert "&lt;img" in manifest._repr_html_()


def test_error_text_can_not_steer_a_terminal(good, tmp_path):
    shutil.copytree(good, tmp_path / "m")
    (tmp_path / "m" / "\x1b[2Jevil").write_text("")
    with pytest.raises(ArtifactError) as caught:
        load_toy(tmp_path / "m")
    assert "\x1b" not in str(caught.value)
    assert "evil" in str(caught.value)


def test_other_library_versions_and_open_folders_are_warnings(good, tmp_path):
    """Rows 107 and 112."""
    shutil.copytree(good, tmp_path / "m")
    reseal(tmp_path / "m", lambda document: document["libraries"].update(numpy="1.0.0", torch="9.9"))
    (tmp_path / "m").chmod(0o777)
    warnings = load_toy(tmp_path / "m").load_report_.warnings
    assert len(warnings) == 2
    assert "numpy 1.0.0" in warnings[0]
    assert "every user" in warnings[1]
