"""Bundles made to harm, sent with a token that is good for the probe alone."""

import functools
import json
import stat
import zipfile
from collections.abc import Callable

from dashops.attack import wire
from dashops.attack.attempts.attempt import Attempt
from dashops.attack.outcome import GotThrough, refused
from dashops.attack.probe import Ground, notebook
from dashops.attack.zips import INDEX, Entry, zipped

GROUP = "uploads"
REFUSED = (400, 413)
MANY = 5000  # files
SENT = 2**28  # bytes: where the limit is more, an upload over it is only announced
FORM = "dashops-attack"

Data = Callable[[Ground], bytes]


def sent(data: Data, ground: Ground) -> str:
    """Send it as a revision of the probe; that must go on showing what it shows."""
    before = _shown(ground)
    answer = _upload(ground, ground.name, data(ground))
    how = refused(answer, REFUSED)
    if _shown(ground) != before:
        raise GotThrough("the probe shows something else now")
    return how


def named(name: str, ground: Ground) -> str:
    """Upload under a name no dashboard may have, with the token for all."""
    return refused(_upload(ground, name, notebook(), ground.token("deploy-token")))


def too_much(ground: Ground) -> str:
    """More than the limit."""
    limit = int(ground.stack.dashboard.upload_limit)
    if limit < SENT:
        return refused(_upload(ground, ground.name, bytes(limit + 1)), REFUSED)
    return _announced(ground, limit + 1)


def endless(ground: Ground) -> str:
    """A terabyte, announced only."""
    return _announced(ground, 2**40)


def _announced(ground: Ground, size: int) -> str:
    headers = {
        "Host": wire.host_of(ground.main),
        "Authorization": f"token {ground.limited()}",
        "Content-Length": str(size),
        "Connection": "close",
    }
    lines = [f"POST /_api/notebooks/{ground.name} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    try:
        answer = wire.send(ground.main, "\r\n".join([*lines, "", ""]).encode(), patience=10)
    except TimeoutError:
        return "not read"  # nothing was kept, as nothing was sent
    return refused(answer, REFUSED)


def _upload(ground: Ground, name: str, data: bytes, token: str = "") -> wire.Answer:
    head = f'--{FORM}\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
    body = head.encode() + data + f"\r\n--{FORM}--\r\n".encode()
    headers = {
        "Authorization": f"token {token or ground.limited()}",
        "Content-Type": f"multipart/form-data; boundary={FORM}",
    }
    return ground.stranger.ask("POST", f"/_api/notebooks/{name}", headers=headers, body=body)


def _shown(ground: Ground) -> str:
    headers = {"Authorization": f"token {ground.limited()}"}
    answer = ground.stranger.ask("GET", f"/_api/notebooks/{ground.name}", headers=headers)
    if answer.status != 200:
        raise GotThrough(f"the probe answers {answer.status}")
    return str(json.loads(answer.text)["digest"])


def _entry(name: str, content: bytes = b"x", mode: int = stat.S_IFREG) -> Entry:
    return (name, content, mode, zipfile.ZIP_DEFLATED)


def _with(*entries: Entry) -> Data:
    return lambda _: zipped([_entry(INDEX, notebook()), *entries])


def _bomb(ground: Ground) -> bytes:
    """Little that becomes more than the limit."""
    size = min(int(ground.stack.dashboard.upload_limit) + 1, SENT)
    count = int(ground.stack.dashboard.upload_limit) // size + 1
    return _with(*(_entry(f"bomb{number}", bytes(size)) for number in range(count)))(ground)


def _many(ground: Ground) -> bytes:
    return _with(*(_entry(f"f{number}", b"") for number in range(MANY)))(ground)


def _liar(ground: Ground) -> bytes:
    """A zip whose directory says that a large file is small."""
    data = bytearray(_bomb(ground))
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = (1).to_bytes(4, "little")
    return bytes(data)


_UPLOADS: dict[str, Data] = {
    "nothing": lambda _: b"",
    "no notebook": lambda _: b"hello",
    "a notebook nested without end": lambda _: b'{"nbformat":4,"cells":' + b"[" * 100_000,
    "a zip without a notebook": lambda _: zipped([_entry("x")]),
    "a file of the parent folder": _with(_entry("../dashops-attack")),
    "a file of a parent within": _with(_entry("a/../../dashops-attack")),
    "an absolute path": _with(_entry("/tmp/dashops-attack")),
    "a path with backslashes": _with(_entry("..\\dashops-attack")),
    "a path of a drive": _with(_entry("C:/dashops-attack")),
    "a name with a zero in it": _with(_entry("a\0b")),
    "a link": _with(_entry("link", b"/etc/passwd", stat.S_IFLNK)),
    "a pipe": _with(_entry("pipe", b"", stat.S_IFIFO)),
    "a device": _with(_entry("device", b"", stat.S_IFCHR)),
    "two files of one name": _with(_entry("a"), _entry("a")),
    "two files of one name, but for the spelling": _with(_entry("a"), _entry("A")),
    "a folder forty levels deep": _with(_entry("d/" * 40 + "f")),
    f"{MANY} files": _many,
    "a bomb": _bomb,
    "a bomb that lies about its size": _liar,
    "a zip that was cut off": lambda ground: _with(_entry("a"))(ground)[:-30],
}
ALL = (
    *(
        Attempt(GROUP, f"upload {name}", functools.partial(sent, data))
        for name, data in _UPLOADS.items()
    ),
    *(
        Attempt(GROUP, f"upload as `{name}`", functools.partial(named, name))
        for name in ("UPPER", "a%2Fb", "%2E%2E", "a" * 64, "%00")
    ),
    Attempt(GROUP, "upload more than the limit", too_much),
    Attempt(GROUP, "upload a terabyte", endless),
)
