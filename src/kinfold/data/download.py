"""A URL in, a checked file out: resumed where the server allows it, whole or not there at all.

The bytes go to ``NAME.part``, with ``NAME.part.json`` saying which version of the file they are of, and
become ``NAME`` by one rename after length and hash were right. Standard library only.
"""

from __future__ import annotations

import hashlib
import http.client
import ipaddress
import json
import os
import shutil
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

from kinfold.data.faults import shown
from kinfold.errors import DataError, KinfoldError, LockedError, MachineError

try:
    import fcntl
except ImportError:  # Windows has no flock; two downloads of one file at once then overwrite each other's part.
    fcntl = None  # type: ignore[assignment]

#: Called with the bytes there are so far and the bytes there will be (None where the server doesn't say).
Progress = Callable[[int, int | None], None]

_CHUNK = 1 << 18
_SPARE_BYTES = 64 << 20  # left free on the disk beside the file
_MAX_BYTES = 16 << 30  # a server that names no length can't fill the disk for ever
_GONE = {403, 404, 410}
_TRY_AGAIN = {408, 425, 429, 500, 502, 503, 504}


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient a download is: seconds without a byte, tries, seconds before the second (then doubled)."""

    timeout: float = 30.0
    attempts: int = 4
    backoff: float = 0.5


class _TryAgainError(Exception):
    """A try failed in a way that the next one may not; its text says how."""


def download(
    url: str,
    target: Path,
    *,
    size: int | None = None,
    sha256: str | None = None,
    progress: Progress | None = None,
    policy: Policy | None = None,
) -> str:
    """Download a file, resuming an earlier attempt; return its SHA-256 as hexadecimal digits.

    Parameters
    ----------
    url
        ``https``; plain ``http`` only to this machine.
    target
        Where the file is to be. Its folder is made; nothing appears under this name before all checks passed.
    size, sha256
        What the file must be, where that is known.
    progress
        Called after every chunk.
    policy
        Timeout, tries and waits; the defaults of `Policy` if None.

    Raises
    ------
    MachineError
        No network, no such file, too little disk space, or every try broke off; the message names the path at
        which to put the file by hand.
    DataError
        The file is not the one it must be; what came is kept as ``NAME.bad``.
    LockedError
        Another process is downloading the same file.
    """
    policy = policy or Policy()
    checked_url(url)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(target):
            return _download(_Job(url, target, size, progress, policy), sha256)
    except KinfoldError:  # some of them are OSErrors, too
        raise
    except OSError as error:
        raise cant_write(target.parent, error) from error


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal digits, reading it in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cant_write(folder: Path, error: OSError) -> MachineError:
    """Return the error for a cache folder that refuses to be written."""
    return MachineError(
        f"can't write to {folder}",
        seen=str(error),
        fix="choose another cache folder with KINFOLD_CACHE, or change the folder's permissions",
        code="F-06",
    )


def refuse_file(path: Path, expected: str, got: str, why: str, fix: str) -> DataError:
    """Move a wrong file out of the way, to ``NAME.bad``, and return the error that says so."""
    bad = path.with_name(path.name.removesuffix(".part") + ".bad")
    os.replace(path, bad)
    return DataError(
        f"{bad.name.removesuffix('.bad')} is not the file it should be; it was moved to {bad}",
        seen=f"SHA-256 {got}, expected {expected}",
        why=why,
        fix=fix,
        code="F-03",
    )


def checked_url(url: str) -> str:
    """Return `url` if it is https, or http to this very machine; raise `MachineError` otherwise."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        return url
    raise MachineError(
        "refused to download over a connection that anyone on the way can change",
        seen=shown(url, 120),
        why="only https addresses are followed",
        fix="download the file by hand if you trust the source",
        code="F-05",
    )


@dataclass(frozen=True, slots=True)
class _Job:
    url: str
    target: Path
    size: int | None
    progress: Progress | None
    policy: Policy

    @property
    def part(self) -> Path:
        return self.target.with_name(self.target.name + ".part")

    @property
    def note(self) -> Path:
        return self.target.with_name(self.target.name + ".part.json")

    def failed(self, why: str, seen: str, code: str) -> MachineError:
        return MachineError(
            f"could not download {self.target.name}",
            seen=f"{self.url}: {seen}",
            why=why,
            fix=f"get the file from {self.url} on any machine and put it at {self.target}",
            code=code,
        )


def _download(job: _Job, sha256: str | None) -> str:
    for attempt in range(job.policy.attempts):
        try:
            got = _attempt(job)
            break
        except _TryAgainError as fault:
            if attempt + 1 == job.policy.attempts:
                why = "connection or server failed every time; what arrived is kept, a new call resumes"
                raise job.failed(why, f"{fault} ({job.policy.attempts} tries)", "F-02") from fault
            time.sleep(min(job.policy.backoff * 2**attempt, 30.0))
    if sha256 is not None and got != sha256:
        job.note.unlink(missing_ok=True)
        why = "the file was changed at its source, or on the way"
        raise refuse_file(job.part, sha256, got, why, "try again; if it persists, report it")
    os.replace(job.part, job.target)
    job.note.unlink(missing_ok=True)
    _sync_folder(job.target.parent)
    return got


def _attempt(job: _Job) -> str:
    """Fetch what is missing of the part file and return the hash of the whole, which is there then."""
    note = _read_note(job)
    have = job.part.stat().st_size if note else 0
    if have and have == note.get("total"):
        return file_sha256(job.part)
    headers = {"User-Agent": "kinfold", "Accept-Encoding": "identity"}
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": note["version"]}
    with _opened(job, Request(url=job.url, headers=headers)) as response:
        start = _start(job, response, have, note)
        length = response.headers.get("Content-Length")
        total = start + int(length) if length and length.isdigit() else None
        _check_room(job, start, total)
        if not start:
            _discard(job)  # before the note: the bytes there may be of another version
        version = _version(response.headers)
        _write_note(job, {"url": job.url, "version": version, "total": total} if version else None)
        return _receive(job, response, start, total)


def _receive(job: _Job, response: http.client.HTTPResponse, start: int, total: int | None) -> str:
    digest = hashlib.sha256()
    done = start
    with job.part.open("r+b" if start else "wb") as file:
        while done and (old := file.read(_CHUNK)):
            digest.update(old)
        while chunk := _read(response):
            done += len(chunk)
            if done > _MAX_BYTES:
                raise job.failed("the server sends without end", f"more than {_MAX_BYTES:,} bytes", "F-02")
            digest.update(chunk)
            _write(job, file, chunk)
            if job.progress:
                job.progress(done, total)
        file.flush()
        os.fsync(file.fileno())
    if total is not None and done != total:
        raise _TryAgainError(f"the connection ended after {done:,} of {total:,} bytes")
    return digest.hexdigest()


def _read(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read(_CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise _TryAgainError(f"the connection broke: {error or type(error).__name__}") from error


def _write(job: _Job, file: IO[bytes], chunk: bytes) -> None:
    try:
        file.write(chunk)
    except OSError as error:
        why = "the disk is full or failing; free some space and call again: it resumes"
        raise job.failed(why, f"writing {job.part}: {error.strerror}", "F-04") from error


def _start(job: _Job, response: http.client.HTTPResponse, have: int, note: Mapping[str, Any]) -> int:
    """Return where the answer begins: 0 unless it continues the very file we have the start of."""
    if response.status == 200:
        return 0
    begin, _, total = (response.headers.get("Content-Range") or "").removeprefix("bytes ").partition("/")
    other_version = _version(response.headers) not in (None, note.get("version"))
    other_total = total.isdigit() and note.get("total") not in (None, int(total))
    if response.status == 206 and begin.startswith(f"{have}-") and not other_version and not other_total:
        return have
    _discard(job)
    raise _TryAgainError(f"the file changed while it was downloaded (status {response.status})")


def _opened(job: _Job, request: Request) -> http.client.HTTPResponse:
    try:
        response: http.client.HTTPResponse = _opener(job).open(request, timeout=job.policy.timeout)
        return response
    except KinfoldError:  # a refused redirect
        raise
    except HTTPError as error:
        error.close()
        if error.code == 416:
            _discard(job)
            raise _TryAgainError("the file is shorter than what was there already") from error
        if error.code in _TRY_AGAIN:
            raise _TryAgainError(f"the server answered {error.code}") from error
        why = "the file has moved or is not public any more" if error.code in (403, 404, 410) else "the server refused"
        raise job.failed(why, f"the server answered {error.code} {shown(str(error.reason))}", "F-02") from error
    except (URLError, OSError, http.client.HTTPException) as error:
        reason = error.reason if isinstance(error, URLError) else error
        text = shown(str(reason), 120) or type(reason).__name__
        if isinstance(reason, socket.gaierror):
            raise job.failed("no network, or no name service for this host", text, "F-01") from error
        if isinstance(reason, ssl.SSLCertVerificationError):
            raise job.failed("the server could not prove who it is", text, "F-05") from error
        raise _TryAgainError(text) from error


class _Redirects(HTTPRedirectHandler):
    max_redirections = 5

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: http.client.HTTPMessage, newurl: str
    ) -> Request | None:
        try:
            return super().redirect_request(req, fp, code, msg, headers, checked_url(newurl))
        except KinfoldError:
            fp.close()
            raise


def _opener(job: _Job) -> OpenerDirector:
    # A proxy can't reach this machine's own loopback address.
    local = _is_loopback(urlsplit(job.url).hostname or "")
    return build_opener(_Redirects(), *([ProxyHandler({})] if local else []))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_room(job: _Job, start: int, total: int | None) -> None:
    if job.size is not None and total is not None and total != job.size:
        _discard(job)
        raise DataError(
            f"the server offers another {job.target.name} than the one known",
            seen=f"{job.url}: {total:,} bytes, expected {job.size:,}",
            why="the file was changed at its source",
            fix=f"put the known file, if you have it, at {job.target}",
            code="F-03",
        )
    need = (total or job.size or 0) - start
    free = shutil.disk_usage(job.target.parent).free
    if need + _SPARE_BYTES > free:
        seen = f"{need:,} bytes needed, {free:,} free in {job.target.parent}"
        raise job.failed("there is too little disk space; KINFOLD_CACHE names another folder", seen, "F-04")


def _version(headers: http.client.HTTPMessage) -> str | None:
    # A weak ETag promises the same meaning, not the same bytes, so that half of each can't be joined.
    etag = headers.get("ETag")
    return etag if etag and not etag.startswith("W/") else headers.get("Last-Modified")


def _read_note(job: _Job) -> dict[str, Any]:
    """Return what is known of the part file; empty, and no part file left, if it can't be continued."""
    try:
        note = json.loads(job.note.read_text("utf-8"))
        if job.part.is_file() and note["url"] == job.url and isinstance(note["version"], str):
            return dict(note)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    _discard(job)
    return {}


def _write_note(job: _Job, note: dict[str, Any] | None) -> None:
    if note is None:
        job.note.unlink(missing_ok=True)
    else:
        job.note.write_text(json.dumps(note), "utf-8")


def _discard(job: _Job) -> None:
    job.part.unlink(missing_ok=True)
    job.note.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # folders can't be opened there, and the rename is durable without it
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _locked(target: Path) -> Iterator[None]:
    """Hold the system's lock on ``NAME.lock``: it is gone when the process is, however that ends."""
    path = target.with_name(target.name + ".lock")
    with path.open("ab") as file:
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise LockedError(
                    f"another process is downloading {target.name}",
                    seen=f"{path} is locked",
                    fix="wait until it has finished",
                    code="F-07",
                ) from error
        yield
