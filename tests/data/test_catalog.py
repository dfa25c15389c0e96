"""The catalogue and `fetch`: own folder, cache, publisher; what is checked, and what is said."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from data_kit import assert_says, left_over

from kinfold.data import catalog as catalog_module
from kinfold.data.catalog import PINS_NAME, cache_folder, catalog, dataset, fetch, fetch_details
from kinfold.data.download import Policy, checked_url
from kinfold.data.entries import DATASETS, Dataset, Reading, RemoteFile
from kinfold.errors import DataError, InvalidParameterError, MachineError

BODY = bytes(range(256)) * 40
HASH = hashlib.sha256(BODY).hexdigest()
QUICK = Policy(timeout=2.0, attempts=3, backoff=0.001)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        site = self.server.site
        site.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(site.body)))
        self.end_headers()
        self.wfile.write(site.body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[SimpleNamespace]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    url = f"http://127.0.0.1:{server.server_port}/file.bin"
    server.site = SimpleNamespace(body=BODY, asked=[], url=url)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.site
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINFOLD_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("KINFOLD_DATA", raising=False)


@pytest.fixture
def listed(site: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Dataset]:
    """Return a function that puts one data set of the site into the catalogue."""

    def add(sha256: str | None = HASH, size: int | None = len(BODY), local: tuple[str, ...] = ()) -> Dataset:
        entry = Dataset(
            "toy",
            "Toy",
            "CC0",
            "Nobody, 2000",
            (RemoteFile("file.bin", site.url, sha256, size),),
            Reading("bytes"),
            local,
            Reading("csv", {"text": "text"}),
        )
        monkeypatch.setitem(DATASETS, "toy", entry)
        return entry

    return add


def test_no_name_service_fails_at_once_and_says_where_to_put_the_file(tmp_path, monkeypatch):
    calls = []

    def no_name(*args: object, **kwargs: object) -> None:
        calls.append(args)
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_name)
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(MachineError) as caught:
        fetch("imdb", cache=tmp_path, policy=QUICK)
    assert_says(caught.value, dataset("imdb").url, tmp_path / "imdb" / "aclImdb_v1.tar.gz", "no network")
    assert len(calls) == 1
    assert caught.value.exit_code == 5


def test_fetch_downloads_once_and_then_takes_the_cache(site, listed, tmp_path):
    listed()
    path = fetch("toy", policy=QUICK)
    assert path == tmp_path / "cache" / "toy" / "file.bin" and path.read_bytes() == BODY
    assert fetch("toy", offline=True) == path
    assert fetch_details("toy").origin == "cache"
    assert len(site.asked) == 1


def test_offline_says_where_to_put_the_file_and_takes_it_from_there(listed, site, tmp_path):
    listed()
    target = tmp_path / "mine" / "toy" / "file.bin"
    with pytest.raises(MachineError) as caught:
        fetch("toy", cache=tmp_path / "mine", offline=True)
    assert_says(caught.value, site.url, target, "CC0")
    target.parent.mkdir(parents=True)
    target.write_bytes(BODY)
    assert fetch("toy", cache=tmp_path / "mine", offline=True) == target
    assert not site.asked


def test_a_file_put_there_by_hand_is_checked(listed, tmp_path):
    listed()
    target = tmp_path / "toy" / "file.bin"
    target.parent.mkdir()
    target.write_bytes(b"something else")
    with pytest.raises(DataError) as caught:
        fetch("toy", cache=tmp_path, offline=True)
    assert_says(caught.value, HASH, "file.bin.bad")
    assert left_over(target.parent) == {"file.bin.bad"}


def test_a_cached_file_that_changed_is_noticed(listed, tmp_path):
    listed()
    path = fetch("toy", policy=QUICK)
    path.write_bytes(b"x" + BODY[1:])
    os.utime(path, (1, 1))
    with pytest.raises(DataError, match="not the file it should be"):
        fetch("toy", offline=True)


def test_an_unchanged_file_is_not_hashed_again(listed, monkeypatch):
    listed()
    fetch("toy", policy=QUICK)
    monkeypatch.setattr(catalog_module, "file_sha256", lambda path: pytest.fail("hashed again"))
    fetch("toy", offline=True)


def test_an_unknown_hash_is_trusted_on_first_use_said_and_held_to(listed, site, tmp_path, caplog):
    listed(sha256=None, size=None)
    with caplog.at_level(logging.WARNING):
        path = fetch("toy", policy=QUICK)
    assert HASH in caplog.text and "trusted on first use" in caplog.text
    caplog.clear()
    assert fetch("toy") == path and not caplog.text
    path.unlink()
    site.body = BODY[::-1]
    with pytest.raises(DataError) as caught:
        fetch("toy", policy=QUICK)
    assert_says(caught.value, HASH, "file.bin.bad")
    pins = tmp_path / "cache" / PINS_NAME
    held = json.loads(pins.read_text())
    assert held["toy/file.bin"]["sha256"] == HASH
    pins.write_text("{}")
    notes = fetch_details("toy", policy=QUICK).notes
    assert len(notes) == 1 and hashlib.sha256(site.body).hexdigest() in notes[0]


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"toy/file.bin": {}}', '{"toy/file.bin": 3}'])
def test_a_damaged_list_of_hashes_is_an_error(listed, tmp_path, text):
    listed()
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / PINS_NAME).write_text(text)
    with pytest.raises(DataError) as caught:
        fetch("toy", policy=QUICK)
    assert_says(caught.value, PINS_NAME, "delete it")


def test_your_own_folder_comes_first(listed, site, tmp_path, monkeypatch):
    listed(local=("toy_set/train.csv", "toy_set/test.csv"))
    monkeypatch.setenv("KINFOLD_DATA", str(tmp_path / "data"))
    train = tmp_path / "data" / "toy_set" / "train.csv"
    train.parent.mkdir(parents=True)
    train.write_text("text\nhello\n")
    with pytest.raises(MachineError):
        fetch("toy", offline=True)
    (train.parent / "test.csv").write_text("text\nbye\n")
    found = fetch_details("toy", offline=True)
    assert found.path == train and found.origin == "local" and found.reading.options == {"text": "text"}
    assert not site.asked


def test_an_unknown_name_names_the_nearest():
    with pytest.raises(InvalidParameterError) as caught:
        fetch("imbd")
    assert_says(caught.value, "'imdb'", "rt-polarity")


def test_the_cache_folder_follows_the_environment(monkeypatch, tmp_path):
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("KINFOLD_CACHE")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert cache_folder() == Path("/x/kinfold")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "kinfold"
    monkeypatch.setattr("sys.platform", "darwin")
    assert cache_folder() == Path.home() / "Library" / "Caches" / "kinfold"
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", "/l")
    assert cache_folder() == Path("/l/kinfold/cache")


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MachineError) as caught:
        fetch("imdb", cache=tmp_path / "file", policy=QUICK)
    assert_says(caught.value, tmp_path / "file", "KINFOLD_CACHE")


def test_every_entry_is_complete():
    names = [entry.name for entry in catalog()]
    assert names == sorted(set(names))
    assert {
        "imdb",
        "rt-polarity",
        "quora",
        "tweeteval-emoji",
        "mnist",
        "text8",
        "glove-6b",
        "wikispeedia",
        "sst2",
    } <= set(names)
    for entry in catalog():
        assert entry.title and entry.licence and entry.citation and entry.reading.format
        assert bool(entry.local) == (entry.local_reading is not None)
        for file in entry.files:
            assert checked_url(file.url).startswith("https://")
            assert file.sha256 is None or (len(file.sha256) == 64 and int(file.sha256, 16))
            assert (file.sha256 is None) == (file.bytes is None)
            assert Path(file.name).name == file.name
        assert len({file.name for file in entry.files}) == len(entry.files)
        assert not any(Path(path).is_absolute() or ".." in path for path in entry.local)
    assert dataset("imdb").url.endswith("aclImdb_v1.tar.gz") and dataset("imdb").bytes == 84_125_825
