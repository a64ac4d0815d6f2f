"""The kinds of values a setting may have; each refuses what cannot work, in one sentence."""

import ipaddress
import os
import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ByteSize, Field, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

# What a pattern asks for, in the words an error uses. JSON Schema gets the pattern itself.
PATTERNS = {
    (NAME := r"^[a-z0-9][a-z0-9_-]{0,62}$"): (
        "should be lower-case letters, digits, `-` and `_`, start with a letter or digit, "
        "and have at most 63 characters"
    ),
    (TEXT := r"^\S([^\r\n]*\S)?$"): "should be one line of text without blanks at its ends",
    (USER := r"^[^\s:]+$"): "should be a login name without blanks and colons",
    (HEADER := r"^[A-Za-z0-9][A-Za-z0-9-]{0,99}$"): "should be the name of a header",
    (VARIABLE := r"^[A-Za-z_][A-Za-z0-9_]*$"): "should be the name of an environment variable",
    (URL := r"^(https?|file)://\S+$"): "should be a URL that starts with `https://`",
    (DATABASE := r"^postgresql://\S+$"): "should be like `postgresql://user@host/database`",
    (ADDRESS := r"^https?://[^\s/?#@]+$"): "should be like `https://dashboards.example.com`",
    (IMAGE := r"^[a-z0-9][a-z0-9._:/-]*(@sha256:[0-9a-f]{64})?$"): (
        "should be the name of an image, like `python:3.12-slim`"
    ),
    (
        SSH
        := r"^ssh://([A-Za-z0-9_][^@/:\s]*@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9._-]*)(:\d{1,5})?/?$"
    ): ("should be like `ssh://user@host` or `ssh://user@host:22`, without a password"),
    (FILES := r"^[a-z][a-z0-9]*://\S+$"): "should be like `s3://bucket/prefix`",
}


def _bare_url(value: str, hint: str = "put them into `~/.netrc`, which uv reads") -> str:
    # A password in a URL would be copied into argv, logs and rendered files.
    if re.match(r"\w+://[^/\s]*@", value):
        raise PydanticCustomError(
            "credentials", "should not hold a user name or password", {"hint": hint}
        )
    return value


def _bare_proxy(value: str) -> str:
    return _bare_url(value, "run a proxy on this machine that logs in to the other, such as px")


def _no_password(value: str) -> str:
    # It would be copied into rendered files and logs.
    if re.match(r"\w+://[^@/\s]*:[^/\s]*@", value) or re.search(r"[?&](ssl)?password=", value):
        raise PydanticCustomError(
            "credentials",
            "should not hold a password",
            {"hint": "put it into `~/.pgpass`, or into a file that `?passfile=` names"},
        )
    return value


def _no_keys(value: str) -> str:
    if "@" in value or "?" in value:
        raise PydanticCustomError(
            "credentials",
            "should not hold keys or options",
            {"hint": "put keys and endpoint into `~/.aws`, as for every AWS tool"},
        )
    return value


def _not_ours(value: str) -> str:
    # Kernels run the author's code and hold no secret of any service.
    if value.startswith("DASHOPS_"):
        raise PydanticCustomError("ours", "should not name a variable of dashops itself", {})
    return value


def under(folder: Path, value: str) -> Path:
    """The path that `value` names when read in `folder`; `~` is the home."""
    try:
        return Path(folder, Path(value).expanduser())
    except RuntimeError as error:
        raise PydanticCustomError("no_home", "names a home that cannot be found", {}) from error


def _link(value: str, info: ValidationInfo) -> str:
    if "://" in value or not info.context:
        return value
    return str(under(info.context["folder"], value).resolve())


def _network(value: str) -> str:
    try:
        ipaddress.ip_network(value)
    except ValueError as error:
        hint = "write it like `10.0.0.0/8`; one machine is `10.0.0.1/32`"
        raise PydanticCustomError("network", "should be a network", {"hint": hint}) from error
    return value


def _issuer(value: str) -> str:
    # Whoever can change what it answers can be anybody here.
    if not re.match(r"https://|http://(localhost|127\.0\.0\.1)[:/]", value):
        raise PydanticCustomError("no_tls", "should start with `https://`", {})
    return value


def _file(value: Path, info: ValidationInfo) -> Path:
    found = under(info.context["folder"], str(value)).resolve() if info.context else value
    if info.context and not found.is_file():
        raise PydanticCustomError("no_file", "should name a file, and there is none", {})
    return found


def _browser(value: str, info: ValidationInfo) -> str:
    if value in ("auto", "none") or not info.context:
        return value
    found = under(info.context["folder"], value)
    if not found.is_file() or not os.access(found, os.X_OK):
        hint = "`auto` takes the first Chromium on PATH, `none` does without"
        raise PydanticCustomError(
            "no_browser", "should name a program that can be run", {"hint": hint}
        )
    return str(found)


def _folder(value: str, info: ValidationInfo) -> str:
    if info.context and not under(info.context["folder"], value).is_dir():
        raise PydanticCustomError("no_folder", "should name a folder, and there is none", {})
    return value


def _recipes(value: str, info: ValidationInfo) -> str:
    # Most stacks change nothing, and what `dashops init` writes must load.
    return value if value == "recipes" else _folder(value, info)


def _removable(value: str, info: ValidationInfo) -> str:
    # `dashops down --purge` removes this folder with all that is in it.
    if info.context:
        folder = info.context["folder"].resolve()
        state = under(folder, value).resolve()
        hint = "name another one: `dashops down --purge` removes all that is in it"
        if state == folder or state in folder.parents:
            raise PydanticCustomError(
                "not_removable", "should be a folder of its own", {"hint": hint}
            )
    return value


Text = Annotated[str, Field(pattern=TEXT)]
Url = Annotated[str, Field(pattern=URL), AfterValidator(_bare_url)]
Proxy = Annotated[str, Field(pattern=URL), AfterValidator(_bare_proxy)]
Database = Annotated[str, Field(pattern=DATABASE), AfterValidator(_no_password)]
Files = Annotated[str, Field(pattern=FILES), AfterValidator(_no_keys)]
Source = Annotated[str, Field(pattern=TEXT), AfterValidator(_bare_url), AfterValidator(_link)]
HeaderName = Annotated[str, Field(pattern=HEADER)]
Network = Annotated[Text, AfterValidator(_network)]
Issuer = Annotated[Url, AfterValidator(_issuer)]
Address = Annotated[str, Field(pattern=ADDRESS)]
Certificates = Annotated[Path, AfterValidator(_file)]
SomeFile = Certificates
Image = Annotated[str, Field(pattern=IMAGE)]
SshHost = Annotated[str, Field(pattern=SSH)]
Browser = Annotated[Text, AfterValidator(_browser)]
Folder = Annotated[Text, AfterValidator(_folder)]
Recipes = Annotated[Text, AfterValidator(_recipes)]
OwnFolder = Annotated[Text, AfterValidator(_removable)]
Name = Annotated[str, Field(pattern=NAME)]
User = Annotated[str, Field(pattern=USER)]
Variable = Annotated[str, Field(pattern=VARIABLE), AfterValidator(_not_ours)]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[int, Field(ge=1, le=7 * 24 * 3600)]
SecondsOrNone = Annotated[int, Field(ge=0, le=7 * 24 * 3600)]
CountOrNone = Annotated[int, Field(ge=0, le=100_000)]
Count = Annotated[int, Field(ge=1, le=100_000)]
Size = Annotated[
    ByteSize,
    Field(ge=1),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string"}]}),
]
