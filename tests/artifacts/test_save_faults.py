"""A save that fails at any file operation, in any way, leaves the old model or the new one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from faults import CRASHES, ERRORS, POWER_CUTS, Faults
from toy_estimator import fitted, load_toy, save_toy

from kinfold.artifacts import files
from kinfold.artifacts.store import check_writable
from kinfold.artifacts.versions import verify
from kinfold.errors import ArtifactError, MachineError


@pytest.fixture(scope="module")
def model():
    return fitted(tag=3, n_words=6)


@pytest.fixture(scope="module")
def two_versions(tmp_path_factory):
    root = tmp_path_factory.mktemp("base") / "disk"
    for tag in (1, 2):
        save_toy(fitted(tag, n_words=6), root / "m")
    return root


def _tag(path: Path) -> int | None:
    """The tag of the model that loads, None where the folder says that no model is in it."""
    try:
        return load_toy(path).tag
    except ArtifactError as error:
        assert error.code in ("A-001", "A-003")
        return None


def _temporary(root: Path) -> list[str]:
    return [str(path.relative_to(root)) for path in root.rglob(".tmp-*")]


def _save_again(model, root: Path) -> None:
    """A save after the fault works, removes what was left, and keeps only whole versions."""
    with Faults(root):
        assert save_toy(model, root / "m")
    assert _tag(root / "m") == 3
    assert not _temporary(root)
    assert 1 <= len(verify(root / "m")) <= 2


def _run(base: Path | None, place: Path, model, kind: str = "", at: int = -1) -> tuple[Faults, str | None, object]:
    """Save under a fault; return the shim, the version `save` returned (None: it did not), and its error."""
    if base is None:
        place.mkdir()
    else:
        shutil.copytree(base, place)
    returned = error = None
    with Faults(place, kind, at) as faults:
        try:
            returned = save_toy(model, place / "m")
        except MachineError as caught:
            error = caught
    return faults, returned, error


def _operations(base: Path | None, place: Path, model) -> list[str]:
    faults, returned, error = _run(base, place, model)
    assert returned is not None
    assert error is None
    return faults.log


@pytest.mark.parametrize("first", [False, True], ids=["over a model", "first save"])
@pytest.mark.parametrize("kind", CRASHES)
def test_crash_at_every_operation_leaves_the_old_model_or_the_new(kind, first, two_versions, model, tmp_path):
    base, old = (None, None) if first else (two_versions, 2)
    log = _operations(base, tmp_path / "count", model)
    for at in range(len(log) + 1):
        faults, returned, _ = _run(base, tmp_path / str(at), model, kind, at)
        assert (returned is None) == (at < len(log) and faults.dead)
        root = tmp_path / str(at)
        for seed in range({"scattered": 8}.get(kind, 1)):
            if kind in POWER_CUTS:
                root = faults.after_power_cut(tmp_path / f"{at}-cut-{seed}", seed=seed)
            tag = _tag(root / "m")
            assert tag in ((3,) if returned else (old, 3)), f"operation {at}, {[*log, 'none'][at]}: {tag}"
        if kind in ("crash", "scattered"):
            _save_again(model, root)


@pytest.mark.parametrize("first", [False, True], ids=["over a model", "first save"])
@pytest.mark.parametrize("kind", ERRORS)
def test_error_at_every_operation_is_reported_and_leaves_nothing_behind(kind, first, two_versions, model, tmp_path):
    base, old = (None, None) if first else (two_versions, 2)
    log = _operations(base, tmp_path / "count", model)
    published = max(i for i, name in enumerate(log) if name == "replace")
    for at in range(len(log)):
        faults, returned, error = _run(base, tmp_path / str(at), model, kind, at)
        root = tmp_path / str(at)
        where = f"operation {at}, {faults.failed}"
        assert (returned is None) == (error is not None), where
        tag = _tag(root / "m")
        assert tag in ((3,) if returned else (old, 3)), where
        if error is not None:
            assert error.exit_code == 5
            assert error.fix
            assert tag == old or at > published, where
        # A failed sync may have lost data; a power cut right after must still find a whole model.
        assert _tag(faults.after_power_cut(tmp_path / f"{at}-cut", "power") / "m") in ((3,) if returned else (old, 3))
        if not kind.endswith("-on") and returned is None:
            assert not _temporary(root), where
            assert tag == 3 or not (root / "m" / ("v000001" if first else "v000003")).exists(), where
        _save_again(model, root)


def test_the_number_of_operations_is_known(two_versions, model, tmp_path):
    log = _operations(two_versions, tmp_path / "a", model)
    assert len(log) >= 60
    assert {"make_folder", "create", "write", "sync", "close", "rename", "replace", "unlink"} <= set(log)
    assert log.count("sync") >= 8


def test_disk_full_says_how_many_bytes_are_needed(two_versions, model, tmp_path):
    log = _operations(two_versions, tmp_path / "a", model)
    _, _, error = _run(two_versions, tmp_path / "b", model, "ENOSPC", log.index("write") + 2)
    assert isinstance(error, MachineError)
    assert "No space left" in error.seen
    assert "bytes" in error.seen
    assert "free some space" in error.fix


def test_failed_sync_is_not_tried_again(two_versions, model, tmp_path):
    log = _operations(two_versions, tmp_path / "a", model)
    first_sync = log.index("sync", log.index("create"))
    faults, _, _ = _run(two_versions, tmp_path / "b", model, "EIO", first_sync)
    assert faults.log[first_sync:].count("sync") == 1


def test_interrupt_in_the_middle_cleans_up(two_versions, model, tmp_path, monkeypatch):
    shutil.copytree(two_versions, tmp_path / "a")
    monkeypatch.setattr(files, "rename", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        save_toy(model, tmp_path / "a" / "m")
    assert not _temporary(tmp_path)
    assert _tag(tmp_path / "a" / "m") == 2


@pytest.mark.parametrize("kind", ["ENOSPC", "EIO", "EACCES"])
def test_check_writable_fails_where_a_save_would(kind, tmp_path):
    (tmp_path / "count").mkdir()
    with Faults(tmp_path / "count") as faults:
        check_writable(tmp_path / "count" / "m")
    assert not list((tmp_path / "count").iterdir())
    growing = [i for i, name in enumerate(faults.log) if name in ("make_folder", "create", "write", "sync", "rename")]
    for at in growing:
        root = tmp_path / str(at)
        root.mkdir()
        with Faults(root, kind, at), pytest.raises(MachineError) as caught:
            check_writable(root / "m")
        assert caught.value.exit_code == 5
        assert not list(root.iterdir()), at
