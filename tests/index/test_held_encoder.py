"""The encoder inside a saved index: built when it is needed, the same answers, nothing taken on trust."""

from __future__ import annotations

import json
import shutil
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from kinfold.artifacts.store import load, save
from kinfold.artifacts.versions import describe
from kinfold.errors import ArtifactError, InvalidParameterError
from kinfold.index.search import SearchIndex
from kinfold.vectors.words import WordVectors

WORDS = ["boil", "egg", "eggs", "horse", "ride", "rice", "water", "tea", "pony"]
IDS = ["eggs", "horse", "rice", "tea"]
TEXTS = ["how to boil an egg", "how to ride a horse", "boil rice in water", "the best tea of all"]


def vectors(seed: int = 0) -> WordVectors:
    table = np.random.default_rng(seed).normal(size=(len(WORDS), 6)).astype(np.float32)
    table[WORDS.index("pony")] = table[WORDS.index("horse")]
    return WordVectors(WORDS, table)


@pytest.fixture
def index(tmp_path) -> SearchIndex:
    made = SearchIndex(vectors()).fit(IDS, TEXTS)
    save(made, tmp_path / "index")
    return made


class Sided:
    """Encodes texts in two ways, by the side they stand on."""

    def encode(self, texts, side):
        rows = np.array([[len(text), text.count("e")] for text in texts], np.float32)
        return rows if side == "left" else rows[:, ::-1].copy()


@pytest.mark.parametrize("mmap", [False, True])
def test_it_needs_nothing_attached(index, tmp_path, mmap):
    opened = load(tmp_path / "index", mmap=mmap)
    for how in ("bm25", "dense", "hybrid"):
        assert opened.search(["a pony", "tea", "?"], how=how) == index.search(["a pony", "tea", "?"], how=how)
    assert opened.find("a pony", k=1, how="dense")[0].id == "horse" and opened.find("a pony", how="bm25")[0].id
    assert isinstance(opened.encoder, WordVectors)


def test_it_is_built_only_when_it_is_needed(index, tmp_path, monkeypatch):
    def refuse(*_):
        raise AssertionError("built")

    monkeypatch.setattr(WordVectors, "from_state", refuse)
    opened = load(tmp_path / "index")
    assert opened.find("tea")[0].id == "tea"
    save(opened, tmp_path / "again")
    monkeypatch.undo()
    again = load(tmp_path / "again")
    assert again.find("pony", how="dense") == index.find("pony", how="dense")


def test_which_list_found_a_document(index):
    both = {hit.id: hit.found_by for hit in index.find("a pony on a horse", how="hybrid")}
    assert both["horse"] == {"bm25": 1, "dense": 1}
    assert any(set(places) == {"dense"} for places in both.values())
    assert [hit.found_by for hit in index.find("tea", how="bm25")] == [{"bm25": 1}]


def changed(folder: Path, change) -> None:
    """Change the manifest, and set all hashes right: what a stranger could do."""
    version = next(folder.glob("v*"))
    manifest = json.loads((version / "manifest.json").read_bytes())
    change(manifest)
    data = json.dumps(manifest).encode()
    (version / "manifest.json").write_bytes(data)
    digest = sha256(data).hexdigest()
    (version / "manifest.sha256").write_text(f"{digest}  manifest.json\n")
    (folder / "CURRENT").write_text(f"{version.name} {digest}\n")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda encoder: encoder.update({"class": "os.system"}), "A-009"),
        (lambda encoder: encoder.update({"class": "Unknown"}), "A-009"),
        (lambda encoder: encoder["params"].update({"path": "/etc"}), "A-009"),
        (lambda encoder: encoder["values"].update({"dim": 7}), "A-010"),
        (lambda encoder: encoder.update({"class": "SkipGram"}), "A-015"),
    ],
)
def test_what_a_stranger_changed_is_found_before_it_is_used(index, tmp_path, change, code):
    changed(tmp_path / "index", lambda manifest: change(manifest["values"]["encoder"]))
    opened = load(tmp_path / "index")
    assert opened.find("tea")[0].id == "tea"
    with pytest.raises(ArtifactError) as caught:
        opened.find("tea", how="dense")
    assert caught.value.code == code


def test_an_array_left_out_of_the_description(index, tmp_path):
    changed(tmp_path / "index", lambda manifest: manifest["values"]["encoder"]["arrays"].pop("vectors"))
    with pytest.raises(ArtifactError) as caught:
        load(tmp_path / "index")
    assert caught.value.code == "A-010"


def test_vectors_of_another_encoder_are_an_error(index, tmp_path):
    index.dense = SearchIndex(vectors(1)).fit(IDS, TEXTS).dense
    save(index, tmp_path / "mixed")
    opened = load(tmp_path / "mixed")
    with pytest.raises(ArtifactError) as caught:
        opened.find("tea", how="hybrid")
    assert caught.value.code == "A-021"


def test_an_index_saved_before_encoders_were(tmp_path):
    save(SearchIndex().fit(IDS, TEXTS), tmp_path / "old")

    def older(manifest):
        del manifest["values"]["encoder"], manifest["params"]["sides"]

    changed(tmp_path / "old", older)
    opened = load(tmp_path / "old")
    assert opened.find("tea")[0].id == "tea" and opened.encoder is None
    with pytest.raises(InvalidParameterError):
        opened.find("tea", how="dense")


def test_only_registered_encoders_are_saved(index, tmp_path):
    class Own(WordVectors):
        pass

    with pytest.raises(InvalidParameterError) as caught:
        save(SearchIndex(Own(WORDS, vectors().vectors)).fit(IDS, TEXTS), tmp_path / "own")
    assert caught.value.code == "P-020" and not (tmp_path / "own").exists()
    index.encoder = None
    save(index, tmp_path / "without")
    assert load(tmp_path / "without").encoder is None
    assert describe(tmp_path / "without").nbytes < describe(tmp_path / "index").nbytes
    shutil.rmtree(tmp_path / "without")


def test_the_sides_of_queries_and_documents():
    texts = ["eeeee", "abcdefg", "e"]
    left = SearchIndex(Sided(), sides="left-right", metric="dot").fit(["a", "b", "c"], texts)
    right = SearchIndex(Sided(), sides="right-left", metric="dot").fit(["a", "b", "c"], texts)
    asked = ["xxxxxxe"]
    assert left.scores(asked, "dense").tolist() == [[7 * 5 + 1 * 5, 7 * 1 + 1 * 7, 7 + 1]]
    assert right.scores(asked, "dense").tolist() == [[1 * 5 + 7 * 5, 1 * 7 + 7 * 1, 1 + 7]]
    assert left.dense.vectors.tolist() == [[5, 5], [1, 7], [1, 1]] and right.dense.vectors[1].tolist() == [7, 1]


def test_progress_is_told():
    said = []
    SearchIndex(vectors()).fit(IDS, TEXTS, progress=lambda stage, share: said.append((stage, share)))
    assert said == [("counting words", None), ("encoding", 0.0)]
