"""What is saved is what is loaded, to the last bit, in any process; what can't be saved is refused before writing."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from toy_estimator import ToyClassifier, digest, fitted, load_toy, save_toy

from kinfold.artifacts import tensors
from kinfold.artifacts.store import LoadReport, Record, load, save
from kinfold.artifacts.versions import describe, verify
from kinfold.errors import ArtifactError, InvalidParameterError
from kinfold.types import State


def test_round_trip_is_bit_equal_in_a_fresh_process(tmp_path):
    model = fitted(tag=5)
    save_toy(model, tmp_path / "m")
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from toy_estimator import digest, load_toy\n"
        f"print(digest(load_toy({str(tmp_path / 'm')!r})))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == digest(model)
    assert digest(load_toy(tmp_path / "m")) == digest(model)


def test_saving_what_was_loaded_gives_the_same_files(tmp_path):
    save_toy(fitted(5), tmp_path / "a")
    save_toy(load_toy(tmp_path / "a"), tmp_path / "b")
    assert describe(tmp_path / "a").files == describe(tmp_path / "b").files


def test_parameters_keep_their_types(tmp_path):
    model = fitted(2)
    save_toy(model, tmp_path / "m")
    loaded = load_toy(tmp_path / "m")
    assert loaded.get_params() == model.get_params()
    assert loaded.spans == (1, 2)
    assert loaded.load_report_.manifest.params["spans"] == (1, 2)


def test_loaded_arrays_can_be_trained_on(tmp_path):
    save_toy(fitted(2), tmp_path / "m")
    loaded = load_toy(tmp_path / "m")
    loaded.weights_ += 1
    assert loaded.weights_.flags.aligned
    assert loaded.bias_.flags.aligned


def test_versions_count_up_and_the_last_two_stay(tmp_path):
    names = [save_toy(fitted(tag), tmp_path / "m") for tag in range(4)]
    assert names == ["v000001", "v000002", "v000003", "v000004"]
    assert sorted(path.name for path in (tmp_path / "m").iterdir()) == ["CURRENT", "v000003", "v000004"]
    assert load_toy(tmp_path / "m").tag == 3
    assert load_toy(tmp_path / "m", version="v000003").tag == 2
    save_toy(fitted(9), tmp_path / "m", keep=1)
    assert [manifest.version for manifest in verify(tmp_path / "m")] == ["v000005"]


def test_damaged_pointer_can_be_saved_over_and_nothing_is_removed(tmp_path):
    save_toy(fitted(1), tmp_path / "m")
    save_toy(fitted(2), tmp_path / "m")
    (tmp_path / "m" / "CURRENT").write_text("?")
    assert save_toy(fitted(3), tmp_path / "m") == "v000003"
    assert [manifest.params["tag"] for manifest in verify(tmp_path / "m")] == [1, 2, 3]


def test_record_and_probes_are_kept(tmp_path):
    record = Record(
        metrics={"accuracy": {"value": np.float64(0.75), "low": 0.5, "high": float("nan")}},
        ledger={"read": 12, "used": np.int64(11), "rejected": {"D-037": 1}},
        data_sha256="ab" * 32,
        notes={"columns": ("text", "label")},
        threads=2,
    )
    save_toy(fitted(1), tmp_path / "m", record=record, probes=["word1", "x" * 5000])
    manifest = describe(tmp_path / "m")
    assert manifest.metrics == {"accuracy": {"value": 0.75, "low": 0.5, "high": None}}
    assert manifest.ledger == {"read": 12, "used": 11, "rejected": {"D-037": 1}}
    assert manifest.notes == {"columns": ["text", "label"]}
    assert (manifest.data_sha256, manifest.threads) == ("ab" * 32, 2)
    assert manifest.probes == ("word1", "x" * 1000)
    assert np.shape(manifest.expected) == (2, 3)
    assert manifest.libraries["numpy"] == np.__version__
    assert manifest.nbytes == sum(path.stat().st_size for path in (tmp_path / "m" / "v000001").glob("w*"))


def test_report_says_where_the_model_came_from(tmp_path):
    save_toy(fitted(1), tmp_path / "m", probes=())
    report = load_toy(tmp_path / "m").load_report_
    assert isinstance(report, LoadReport)
    assert (report.path, report.version, report.warnings) == (str(tmp_path / "m"), "v000001", ())


def test_other_tools_read_the_weights(tmp_path):
    model = fitted(1)
    save_toy(model, tmp_path / "m")
    found = safetensors.numpy.load_file(tmp_path / "m" / "v000001" / "weights.safetensors")
    assert found.keys() == model.get_state().arrays.keys()
    for name, array in model.get_state().arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def test_every_type_and_odd_shape_survives():
    rng = np.random.default_rng(0)
    arrays = {f"a_{dtype}": (rng.random((3, 0, 2)) * 9).astype(dtype) for dtype in tensors.DTYPES}
    arrays |= {f"b_{dtype}": (rng.random((5, 3)) * 9).astype(dtype)[::2].T for dtype in tensors.DTYPES}
    arrays |= {f"c_{dtype}": np.array(1).astype(dtype) for dtype in tensors.DTYPES}
    data = b"".join(tensors.encode(arrays))
    theirs = safetensors.numpy.load(data)
    n_header = int.from_bytes(data[:8], "little")
    table = tensors.describe(arrays)
    starts = tensors.check_header(data[8 : 8 + n_header], len(data) - 8 - n_header, table, "x")
    body = np.frombuffer(bytearray(data[8 + n_header :]), dtype=np.uint8)
    ours = tensors.arrays_in(body, starts, table)
    for name, array in arrays.items():
        for found in (ours[name], theirs[name]):
            np.testing.assert_array_equal(found, array)
            assert (found.dtype, found.shape) == (array.dtype, array.shape)


def test_large_weights_load_at_the_speed_of_hashing(tmp_path):
    model = ToyClassifier(hidden=12_000_000).fit(["a b"], ["x"])  # 96 MB
    save_toy(model, tmp_path / "m", probes=())
    start = time.perf_counter()
    loaded = load_toy(tmp_path / "m")
    seconds = time.perf_counter() - start
    np.testing.assert_array_equal(loaded.hashes_[-3:], model.hashes_[-3:])
    assert seconds < 3
    assert loaded.hashes_.base is not None  # a view of what was read, not a copy


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"tag": np.random.default_rng(0)}, InvalidParameterError),
        ({"tag": float("inf")}, InvalidParameterError),
        ({"tag": "half \ud800"}, InvalidParameterError),
        ({"tag": {1: "a"}}, InvalidParameterError),
        ({"tag": "x" * (1 << 20)}, InvalidParameterError),
        ({"weights_": np.full((40, 3), np.nan, dtype=np.float32)}, ArtifactError),
        ({"weights_": np.zeros((3, 40), dtype=np.float32)}, ArtifactError),
        ({"weights_": np.array([["a"]], dtype=object)}, InvalidParameterError),
        ({"words_": ["two\nlines"] + ["x"] * 39}, ArtifactError),
    ],
)
def test_what_could_not_be_loaded_is_not_saved(tmp_path, change, error):
    model = fitted(1)
    for name, value in change.items():
        setattr(model, name, value)
    with pytest.raises(error):
        save_toy(model, tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_only_registered_classes_are_saved(tmp_path):
    class ToyClassifier2(ToyClassifier):
        pass

    impostor = type("ToyClassifier", (ToyClassifier,), {})
    for kind in (ToyClassifier2, impostor):
        with pytest.raises(InvalidParameterError, match="not a registered class"):
            save_toy(kind().fit(["a"], ["x"]), tmp_path / "m")
    with pytest.raises(InvalidParameterError, match="not a registered class"):
        save(fitted(1), tmp_path / "m")


def test_default_registry_refuses_the_toy(tmp_path):
    save_toy(fitted(1), tmp_path / "m")
    with pytest.raises(ArtifactError, match="not one of kinfold's"):
        load(tmp_path / "m")


def test_arguments_are_checked(tmp_path):
    with pytest.raises(InvalidParameterError, match="keep"):
        save_toy(fitted(1), tmp_path / "m", keep=0)
    with pytest.raises(InvalidParameterError, match="probes"):
        save_toy(fitted(1), tmp_path / "m", probes=["a"] * 17)
    save_toy(fitted(1), tmp_path / "m")
    with pytest.raises(InvalidParameterError, match="device"):
        load_toy(tmp_path / "m", device="cuda")
    with pytest.raises(ArtifactError, match="not the name of a version"):
        load_toy(tmp_path / "m", version="../m")
    with pytest.raises(ArtifactError, match="not there"):
        load_toy(tmp_path / "m", version="v000009")
    with pytest.raises(ArtifactError, match="one version of a model"):
        load_toy(tmp_path / "m" / "v000001")


def test_a_folder_with_other_things_in_it_is_never_written_to(tmp_path):
    (tmp_path / "thesis.txt").write_text("do not lose")
    with pytest.raises(ArtifactError, match=r"thesis\.txt does not belong"):
        save_toy(fitted(1), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_in_the_way_is_a_machine_error(tmp_path):
    (tmp_path / "m").write_text("")
    with pytest.raises(OSError, match="nothing was saved"):
        save_toy(fitted(1), tmp_path / "m")
    assert (tmp_path / "m").read_text() == ""


def test_folders_above_are_created(tmp_path):
    save_toy(fitted(1), tmp_path / "a" / "b" / "m")
    assert load_toy(tmp_path / "a" / "b" / "m").tag == 1


def test_a_link_to_the_model_is_followed_because_the_caller_chose_it(tmp_path):
    save_toy(fitted(1), tmp_path / "m")
    (tmp_path / "latest").symlink_to(tmp_path / "m")
    save_toy(fitted(2), tmp_path / "latest")
    assert load_toy(tmp_path / "latest").tag == load_toy(tmp_path / "m").tag == 2


def test_state_is_the_contracts_own_type(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(ToyClassifier, "set_state", lambda self, state: seen.append(state) or self)
    save_toy(fitted(1), tmp_path / "m", probes=())
    load_toy(tmp_path / "m")
    assert isinstance(seen[0], State)
    assert isinstance(seen[0].vocabularies["words"], bytes)
