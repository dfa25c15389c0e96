"""`download` against a server on this machine that fails in every way a real one does."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from data_kit import assert_says, left_over

from kinfold.data import download as download_module
from kinfold.data.download import Policy, checked_url, download
from kinfold.errors import DataError, LockedError, MachineError

BODY = bytes(range(256)) * 4000  # four chunks
HASH = hashlib.sha256(BODY).hexdigest()
QUICK = Policy(timeout=2.0, attempts=3, backoff=0.001)

Fault = Callable[["_Handler"], None]


class _Handler(BaseHTTPRequestHandler):
    """Serves the file of the test's site; the faults of the site's list come first, one a request."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        site = self.server.site
        site.asked.append(dict(self.headers) | {"path": self.path})
        self.close_connection = True
        fault = site.faults.pop(0) if site.faults else whole
        fault(self)

    def log_message(self, *args: object) -> None:
        pass


def respond(handler: _Handler, status: int, body: bytes, *, length: int | None = None, **headers: str) -> None:
    handler.send_response(status)
    named = {"Content-Length": str(len(body) if length is None else length), "Connection": "close"}
    for name, value in (named | {k.replace("_", "-"): v for k, v in headers.items()}).items():
        if value:
            handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def whole(handler: _Handler) -> None:
    """A well-kept server: ranges, If-Range, ETag."""
    site = handler.server.site
    start = int((handler.headers["Range"] or "bytes=0-").removeprefix("bytes=").removesuffix("-"))
    if start and handler.headers["If-Range"] == site.etag:
        span = f"bytes {start}-{len(site.body) - 1}/{len(site.body)}"
        return respond(handler, 206, site.body[start:], ETag=site.etag, Content_Range=span)
    return respond(handler, 200, site.body, ETag=site.etag)


def cut(at: int, **headers: str) -> Fault:
    """Announce the whole file, send `at` bytes and hang up."""

    def send(handler: _Handler) -> None:
        site = handler.server.site
        respond(handler, 200, site.body[:at], length=len(site.body), ETag=site.etag, **headers)

    return send


def status(code: int, **headers: str) -> Fault:
    return lambda handler: respond(handler, code, b"no", **headers)


def ignore_range(handler: _Handler) -> None:
    respond(handler, 200, handler.server.site.body, ETag=handler.server.site.etag)


@pytest.fixture
def site() -> Iterator[SimpleNamespace]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.site = SimpleNamespace(
        body=BODY, etag='"v1"', faults=[], asked=[], url=f"http://127.0.0.1:{server.server_port}/file.bin"
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.site
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_file_arrives_whole_and_alone(site, tmp_path):
    seen: list[tuple[int, int | None]] = []
    target = tmp_path / "new" / "folder" / "file.bin"
    got = download(site.url, target, size=len(BODY), sha256=HASH, policy=QUICK, progress=lambda *at: seen.append(at))
    assert got == HASH and target.read_bytes() == BODY
    assert left_over(target.parent) == {"file.bin"}
    assert seen[-1] == (len(BODY), len(BODY))
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert "Range" not in site.asked[0] and site.asked[0]["Accept-Encoding"] == "identity"


def test_a_cut_download_resumes_where_it_was(site, tmp_path):
    site.faults = [cut(300_000), cut(0)]
    target = tmp_path / "file.bin"
    assert download(site.url, target, sha256=HASH, policy=QUICK) == HASH
    assert target.read_bytes() == BODY
    assert site.asked[1]["Range"] == "bytes=300000-" and site.asked[1]["If-Range"] == '"v1"'


def test_a_later_call_resumes_what_an_earlier_one_left(site, tmp_path):
    site.faults = [cut(300_000)]
    target = tmp_path / "file.bin"
    with pytest.raises(MachineError) as caught:
        download(site.url, target, sha256=HASH, policy=Policy(attempts=1))
    assert_says(caught.value, "300,000 of 1,024,000 bytes", site.url, target, "resumes")
    assert left_over(tmp_path) == {"file.bin.part", "file.bin.part.json"}
    assert download(site.url, target, sha256=HASH, policy=QUICK) == HASH
    assert site.asked[1]["Range"] == "bytes=300000-"
    assert left_over(tmp_path) == {"file.bin"}


def test_a_complete_part_needs_no_request(site, tmp_path):
    target = tmp_path / "file.bin"
    (tmp_path / "file.bin.part").write_bytes(BODY)
    note = {"url": site.url, "version": '"v1"', "total": len(BODY)}
    (tmp_path / "file.bin.part.json").write_text(json.dumps(note))
    assert download(site.url, target, sha256=HASH, policy=QUICK) == HASH
    assert not site.asked


@pytest.mark.parametrize("note", ["", "{", "[]", '{"url": "https://elsewhere/file.bin", "version": "x"}'])
def test_a_part_of_unknown_origin_is_started_anew(site, tmp_path, note):
    (tmp_path / "file.bin.part").write_bytes(b"x" * 1000)
    (tmp_path / "file.bin.part.json").write_text(note)
    assert download(site.url, tmp_path / "file.bin", sha256=HASH, policy=QUICK) == HASH
    assert "Range" not in site.asked[0]


def test_a_server_that_ignores_range_is_read_from_the_start(site, tmp_path):
    site.faults = [cut(300_000), ignore_range]
    assert download(site.url, tmp_path / "file.bin", policy=QUICK) == HASH
    assert (tmp_path / "file.bin").read_bytes() == BODY


def test_a_server_without_versions_is_read_from_the_start(site, tmp_path):
    site.etag = ""
    site.faults = [cut(300_000)]
    assert download(site.url, tmp_path / "file.bin", policy=QUICK) == HASH
    assert "Range" not in site.asked[1]


def test_a_weak_etag_is_no_version_but_a_date_is(site, tmp_path):
    site.etag = 'W/"v1"'
    site.faults = [cut(300_000), cut(200_000, Last_Modified="Sat, 01 Jan 2000 00:00:00 GMT")]
    assert download(site.url, tmp_path / "file.bin", policy=QUICK) == HASH
    assert "Range" not in site.asked[1]
    assert site.asked[2]["If-Range"] == "Sat, 01 Jan 2000 00:00:00 GMT"


def changed(handler: _Handler) -> None:
    """A server that heeds Range but not If-Range, and has another version of the file by now."""
    site = handler.server.site
    site.body, site.etag = BODY[::-1], '"v2"'
    start = int(handler.headers["Range"].removeprefix("bytes=").removesuffix("-"))
    span = f"bytes {start}-{len(BODY) - 1}/{len(BODY)}"
    respond(handler, 206, site.body[start:], ETag=site.etag, Content_Range=span)


def other_length(handler: _Handler) -> None:
    site = handler.server.site
    site.etag = ""
    respond(handler, 206, BODY[300_000:] + b"more", Content_Range=f"bytes 300000-{len(BODY) + 3}/{len(BODY) + 4}")


def wrong_offset(handler: _Handler) -> None:
    respond(handler, 206, BODY[7:], ETag='"v1"', Content_Range=f"bytes 7-{len(BODY) - 1}/{len(BODY)}")


@pytest.mark.parametrize("fault", [changed, other_length, wrong_offset, status(416)])
def test_a_file_that_changes_between_tries_is_never_mixed(site, tmp_path, fault):
    site.faults = [cut(300_000), fault]
    got = download(site.url, tmp_path / "file.bin", policy=QUICK)
    assert (tmp_path / "file.bin").read_bytes() == site.body
    assert got == hashlib.sha256(site.body).hexdigest()
    assert "Range" not in site.asked[2]


def test_a_changed_file_with_if_range_heeded_is_read_from_the_start(site, tmp_path):
    def new_version(handler: _Handler) -> None:
        site.body, site.etag = BODY[::-1], '"v2"'
        whole(handler)

    site.faults = [cut(300_000), new_version]
    download(site.url, tmp_path / "file.bin", policy=QUICK)
    assert (tmp_path / "file.bin").read_bytes() == BODY[::-1]


def test_a_wrong_hash_is_an_error_and_the_file_is_kept_aside(site, tmp_path):
    site.body = BODY[:-1] + b"x"
    with pytest.raises(DataError) as caught:
        download(site.url, tmp_path / "file.bin", sha256=HASH, policy=QUICK)
    assert_says(caught.value, HASH, hashlib.sha256(site.body).hexdigest(), tmp_path / "file.bin.bad")
    assert left_over(tmp_path) == {"file.bin.bad"}
    site.body = BODY
    assert download(site.url, tmp_path / "file.bin", sha256=HASH, policy=QUICK) == HASH


def test_a_wrong_length_is_refused_before_the_download(site, tmp_path):
    with pytest.raises(DataError) as caught:
        download(site.url, tmp_path / "file.bin", size=17, sha256=HASH, policy=QUICK)
    assert_says(caught.value, "1,024,000 bytes, expected 17")
    assert left_over(tmp_path) == set()


def test_a_missing_file_is_asked_for_once(site, tmp_path):
    site.faults = [status(404)]
    with pytest.raises(MachineError) as caught:
        download(site.url, tmp_path / "file.bin", policy=QUICK)
    assert_says(caught.value, "404", site.url, tmp_path / "file.bin", "moved")
    assert len(site.asked) == 1


def test_a_busy_server_is_asked_again_but_not_for_ever(site, tmp_path):
    site.faults = [status(503), status(429)]
    assert download(site.url, tmp_path / "file.bin", policy=QUICK) == HASH
    site.faults = [status(500)] * 9
    with pytest.raises(MachineError, match="could not download") as caught:
        download(site.url, tmp_path / "other.bin", policy=QUICK)
    assert_says(caught.value, "500", "3 tries")
    assert len(site.asked) == 6


def test_a_silent_server_times_out(site, tmp_path):
    release = threading.Event()
    site.faults = [lambda handler: release.wait(10) and None] * 2
    with pytest.raises(MachineError) as caught:
        download(site.url, tmp_path / "file.bin", policy=Policy(timeout=0.2, attempts=2, backoff=0.001))
    release.set()
    assert_says(caught.value, "timed out")


def test_redirects_are_followed_but_not_to_plain_http_and_not_for_ever(site, tmp_path):
    site.faults = [status(302, Location="/elsewhere")]
    assert download(site.url, tmp_path / "file.bin", policy=QUICK) == HASH
    assert site.asked[-1]["path"] == "/elsewhere"
    site.faults = [status(302, Location="http://example.com/file.bin")]
    with pytest.raises(MachineError, match="anyone on the way"):
        download(site.url, tmp_path / "second.bin", policy=QUICK)
    site.faults = [status(302, Location=f"/{i}") for i in range(20)]
    with pytest.raises(MachineError):
        download(site.url, tmp_path / "third.bin", policy=QUICK)
    assert len(site.asked) < 15


@pytest.mark.parametrize(
    "url", ["http://example.com/a", "ftp://example.com/a", "file:///etc/hosts", "http://10.0.0.1/a", "a"]
)
def test_only_https_and_this_machine_are_allowed(url, tmp_path):
    with pytest.raises(MachineError, match="anyone on the way"):
        download(url, tmp_path / "file.bin")
    assert checked_url("https://example.com/a") == "https://example.com/a"
    assert checked_url("http://localhost:1/a") == "http://localhost:1/a"


def test_nobody_listening_is_tried_again_and_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/file.bin"
        with pytest.raises(MachineError) as caught:
            download(url, tmp_path / "file.bin", policy=QUICK)
    assert_says(caught.value, "refused", url, "3 tries")


def test_too_little_disk_space_is_said_before_the_download(site, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1_000_000))
    with pytest.raises(MachineError) as caught:
        download(site.url, tmp_path / "file.bin", policy=QUICK)
    assert_says(caught.value, "1,024,000 bytes needed, 1,000,000 free", "KINFOLD_CACHE")


def test_a_disk_that_fills_up_is_named_and_the_start_is_kept(site, tmp_path, monkeypatch):
    written: list[int] = []
    real = download_module._write

    class Full:
        def __init__(self, file):
            self.file = file

        def write(self, chunk: bytes) -> int:
            written.append(len(chunk))
            if len(written) > 1:
                raise OSError(28, "No space left on device")
            return self.file.write(chunk)

    monkeypatch.setattr(download_module, "_write", lambda job, file, chunk: real(job, Full(file), chunk))
    with pytest.raises(MachineError) as caught:
        download(site.url, tmp_path / "file.bin", policy=QUICK)
    assert_says(caught.value, "No space left", "resumes")
    assert "file.bin" not in left_over(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="needs flock")
def test_two_downloads_of_one_file_do_not_mix(site, tmp_path):
    target = tmp_path / "file.bin"
    with download_module._locked(target), pytest.raises(LockedError) as caught:
        download(site.url, target, policy=QUICK)
    assert_says(caught.value, "another process")
    assert download(site.url, target, policy=QUICK) == HASH


def test_an_interrupted_download_keeps_its_part(site, tmp_path):
    def stop(done: int, total: int | None) -> None:
        if done > 500_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(site.url, tmp_path / "file.bin", policy=QUICK, progress=stop)
    assert download(site.url, tmp_path / "file.bin", sha256=HASH, policy=QUICK) == HASH
    assert int(site.asked[1]["Range"].removeprefix("bytes=").removesuffix("-")) > 500_000
