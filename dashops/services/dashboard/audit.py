"""The record of who did what: lines that are only added, each sealed with those before it.

``audit/000001.jsonl`` and so on. The hash of a line is the SHA-256 of the hash of the line before
and of the line without its hash, so that no line can be changed, taken out or put in unnoticed.
A file begins with the hash that it goes on from.
"""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from dashops.services.dashboard import store
from dashops.services.dashboard.store import records

FIRST = "0" * 64
FULL = 16 * 2**20  # bytes of a file, after which the next one begins
LONGEST = 500  # characters of a fact
NOISY = ("denied access", "denied login")
BURST, WINDOW = 10, 60  # of these from one address in so many seconds; more are only counted
ADDRESSES = 1000  # whose counts are kept
SEAL = re.compile(rb',"hash":"([0-9a-f]{64})"\}\n')
TOKEN = re.compile(r"\bdops_([0-9a-f]+)_\S+")


@dataclass(frozen=True)
class Verdict:
    """What a look at all lines found; ``problem`` is empty when the chain is whole."""

    records: int
    files: int
    first: str
    head: str
    problem: str


class Audit:
    """Writes and reads the record, from any thread, also while another server writes it."""

    def __init__(self, folder: Path, log: Any, full: int = FULL) -> None:
        self.folder, self._log, self._full = folder, log, full
        self._lock = threading.RLock()
        self._counts: OrderedDict[tuple[str, str], tuple[float, int]] = OrderedDict()
        self._file: BinaryIO | None = None
        self._name = ""
        self.head = FIRST
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._guard = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        with self._alone():
            pass

    def write(self, event: str, who: str, **facts: Any) -> None:
        """Note something; a disk that takes no more is told to the log, as people must get in."""
        try:
            if self._quiet(event, str(facts.get("address", ""))):
                self._add(event, who, facts)
        except OSError as error:
            self._log.error("the audit record cannot be written: %s", error)

    def require(self, event: str, who: str, **facts: Any) -> None:
        """Note something that must not happen unnoticed.

        Raises:
            Unavailable: when it cannot be noted.
        """
        try:
            self._add(event, who, facts)
        except OSError as error:
            text = f"the audit record cannot be written: {error.strerror}"
            raise store.Unavailable(text, "free some disk space", full=True) from error

    def last(self, number: int) -> list[dict[str, Any]]:
        """The newest records, oldest first."""
        found: list[dict[str, Any]] = []
        for path in reversed(files(self.folder)):
            lines = path.read_bytes().splitlines()[-(number - len(found)) :]
            found[:0] = [record for line in lines if (record := _record(line))]
            if len(found) >= number:
                break
        return found

    def verify(self) -> Verdict:
        """Look at every line; the end has to be where this server left it."""
        with self._alone():  # what is written meanwhile is not looked at
            known, head = _sizes(self.folder), self.head
        found = verify(known)
        if not found.problem and found.head != head:
            return replace(found, problem="its last lines are missing")
        return found

    def close(self) -> None:
        """Write what was only counted, and let go of the file."""
        with self._lock:
            self._tell(float("inf"))
            if self._file:
                self._file.close()
                self._file = None

    def _quiet(self, event: str, address: str) -> bool:
        """Whether to write it: nobody shall fill the disk by being refused."""
        now = time.monotonic()
        with self._lock:
            self._tell(now)
            if event not in NOISY:
                return True
            since, count = self._counts.pop((event, address), (now, 0))
            self._counts[event, address] = (since, count + 1)
            return count < BURST

    def _tell(self, now: float) -> None:
        """Write how many there were of those whose time is over."""
        over = [key for key, (since, _) in self._counts.items() if now - since > WINDOW]
        if not over and len(self._counts) > ADDRESSES:
            over = [next(iter(self._counts))]
        for key in over:
            _, count = self._counts.pop(key)
            if count > BURST:
                event, address = key
                self._add(event, "", {"address": address, "more": count - BURST})

    def _add(self, event: str, who: str, facts: dict[str, Any]) -> None:
        with self._alone():
            self._put(event, who, facts)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else writes meanwhile; what another server wrote since is gone on from."""
        with self._lock:
            fcntl.flock(self._guard, fcntl.LOCK_EX)
            try:
                if self._grew():
                    self._go_on()
                yield
            finally:
                fcntl.flock(self._guard, fcntl.LOCK_UN)

    def _grew(self) -> bool:
        """Whether there is more than this server wrote; what is less, `verify` points at."""
        known = files(self.folder)
        if self._file is None or not known:
            return bool(known)
        last, mine = known[-1].stat(), os.fstat(self._file.fileno())
        if os.path.samestat(last, mine):
            return mine.st_size > self._file.tell()
        return known[-1].name > self._name

    def _put(self, event: str, who: str, facts: dict[str, Any]) -> None:
        record = {"time": records.moment(), "event": event, "who": who, **facts}
        if self._file is None or self._file.tell() >= self._full:
            self._begin()
        self._seal({key: _short(value) for key, value in record.items()})

    def _seal(self, record: dict[str, Any]) -> None:
        assert self._file is not None
        body = json.dumps(record, ensure_ascii=True, separators=(",", ":")).encode()
        seal, before = _seal(self.head, body), self._file.tell()
        try:
            line = body[:-1] + f',"hash":"{seal}"}}\n'.encode()
            if self._file.write(line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self._file.fileno())
        except OSError:
            self._file.truncate(before)
            self._file.seek(before)
            raise
        self.head = seal

    def _begin(self) -> None:
        """Start the next file with the hash that it goes on from."""
        known = files(self.folder)
        number = int(known[-1].stem) + 1 if known else 1
        if self._file:
            self._file.close()
        self._name = f"{number:06}.jsonl"
        self._file = _open(self.folder / self._name)
        _sync(self.folder)
        start = {"time": records.moment(), "event": "begin", "who": "", "previous": self.head}
        self._seal(start)

    def _go_on(self) -> None:
        """Take up the chain where an earlier life of this server, or another one, left it."""
        known = files(self.folder)
        if self._file:
            self._file.close()
            self._file = None
        content = known[-1].read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if whole:
            last = whole[:-1].rpartition(b"\n")[2] + b"\n"
            seal = SEAL.search(last)
            # What was changed stays as it is: `verify` points at it.
            self.head = seal[1].decode() if seal else FIRST
            self._name, self._file = known[-1].name, _open(known[-1])
            self._file.truncate(len(whole))
            self._file.seek(len(whole))
        else:
            known[-1].unlink()
            self.head = verify(_sizes(self.folder)).head
        if torn := len(content) - len(whole):
            # A crash in the middle of a write: nobody was told yet that it was done.
            self._log.warning("the audit record ended in half a line")
            self._put("mended", "", {"bytes": torn})


def files(folder: Path) -> list[Path]:
    """The files of a record, oldest first."""
    return sorted(folder.glob("[0-9]*.jsonl"))


def verify(known: Sequence[tuple[Path, int]]) -> Verdict:
    """Look at every line of these files, oldest first, each up to a size in bytes."""
    count, head = 0, FIRST
    first = known[0][0].name if known else ""
    for path, size in known:
        for number, line in enumerate(_lines(path, size), start=1):
            # Old files may have been taken away: then it begins with the oldest there is.
            oldest = path.name == first
            try:
                head = _checked(line, head, begins=number == 1, oldest=oldest)
            except ValueError as problem:
                place = f"line {number} of `{path.name}` {problem}"
                return Verdict(count, len(known), first, head, place)
            count += 1
    return Verdict(count, len(known), first, head, "")


def _checked(line: bytes, head: str, *, begins: bool, oldest: bool) -> str:
    """The hash of a line; ValueError says what is wrong with it."""
    found, record = SEAL.search(line), _record(line)
    if found is None or found.end() != len(line) or not record:
        raise ValueError("is no record")
    if begins:
        previous = record.get("previous")
        if record.get("event") != "begin" or not isinstance(previous, str):
            raise ValueError("is not the first of its file")
        if previous != head and not oldest:
            raise ValueError("does not go on from the file before")
        head = previous
    seal = found[1].decode()
    if _seal(head, line[: found.start()] + b"}") != seal:
        raise ValueError("was changed, or a line before it is missing")
    return seal


def _sizes(folder: Path) -> list[tuple[Path, int]]:
    return [(path, path.stat().st_size) for path in files(folder)]


def _seal(previous: str, body: bytes) -> str:
    return hashlib.sha256(previous.encode() + body).hexdigest()


def _lines(path: Path, size: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        while file.tell() < size and (line := file.readline()):
            yield line


def _record(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _short(value: Any) -> Any:
    """A fact without a token, should one have got into it."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [_short(each) for each in value]
    return TOKEN.sub(r"dops_\1_****", str(value))[:LONGEST]


def _open(path: Path) -> BinaryIO:
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+b", 0)
    file.seek(0, os.SEEK_END)
    return file


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
