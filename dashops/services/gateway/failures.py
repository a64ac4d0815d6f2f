"""What uv's output means to the author of a notebook: which package, and the way out; pure."""

import platform
import re
import sysconfig
from collections.abc import Iterable

LONGEST = 600  # characters of what uv says in a message
CHECK_INDEX = "try again; if it stays, the operator may check `environment.index` and the network"


class EnvironmentFailed(Exception):
    """The author's packages cannot be installed here; `log` is the end of what uv said."""

    def __init__(self, message: str, hint: str, log: str) -> None:
        super().__init__(message)
        self.message, self.hint, self.log = message, hint, log


def here() -> str:
    """The Python and the machine that packages have to fit."""
    return f"Python {platform.python_version()} on {sysconfig.get_platform()}"


def explain(log: Iterable[str]) -> EnvironmentFailed:
    """The failure behind the lines uv wrote."""
    lines = list(log)
    text = "\n".join(lines)
    flat = " ".join(re.sub(r"[\u00d7\u2500-\u25b6]|^\s*cause:", " ", line) for line in lines)
    message, hint = _cause(re.sub(r"\s+", " ", flat).strip())
    return EnvironmentFailed(message, hint, text)


def _cause(text: str) -> tuple[str, str]:
    for find in (_disk, _hashes, _build, _network, _version, _parse):
        if found := find(text):
            return found
    said = text.partition("error: ")[2] or text
    return f"the packages cannot be installed: {_short(said)}", "see the log"


def _disk(text: str) -> tuple[str, str] | None:
    if not re.search(r"os error 28|No space left|os error 122|quota", text, re.I):
        return None
    package = re.search(r"Failed to install: \S+ \(([^)\s]+)\)", text) or re.search(
        r"Failed to \w+[a-z ]* `([\w.-]+==[^`]+)`", text
    )
    at = f" at `{package[1]}`" if package else ""
    return f"the disk of the gateway is full{at}", "ask the operator for space, then try again"


def _hashes(text: str) -> tuple[str, str] | None:
    found = re.search(r"Hash mismatch for `([^`]+)`", text, re.I)
    if not found:
        return None
    hint = "the index has other files by that name now; publish again, which makes a new lock"
    return f"`{found[1]}` is not the file that was locked: its hash differs", hint


def _build(text: str) -> tuple[str, str] | None:
    found = re.search(r"Failed to (?:download and )?build `([^`]+)`", text)
    if not found or "Git operation" in text:
        return None
    hint = f"choose a version that has a wheel for {here()}, or put a wheel of it beside the "
    return (
        f"`{found[1]}` has no wheel that fits here, and building it failed",
        f"{hint}notebook and name that file; compilers are the operator's to install",
    )


def _network(text: str) -> tuple[str, str] | None:
    uncached = re.search(r"Because (\S+) was not found in the cache", text)
    offline = uncached or "Network connectivity is disabled" in text
    failed = re.search(
        r"Request failed|Failed to (?:fetch|download)|error sending request|connection (?:closed|"
        r"reset|refused)|dns error|operation timed out|certificate",
        text,
        re.I,
    )
    if not offline and not failed:
        return None
    package = uncached[1] if uncached else _fetched(text)
    at = f" for `{package}`" if package else ""
    if offline:
        hint = "ask the operator to put it into a folder of `environment.find_links`"
        return f"the gateway is offline and has no file{at}", hint
    code = re.search(r"\b(401|403|404|407|5\d\d) [A-Z]", text)
    if code and code[1] in ("401", "403", "407"):
        hint = "ask the operator for `~/.netrc` of the gateway's account, or `environment.proxy`"
        return f"the package index refused access{at} ({code[1]})", hint
    if re.search(r"certificate|UnknownIssuer", text, re.I):
        hint = "ask the operator to set `environment.certificates`"
        return f"the certificate of the package index is not trusted{at}", hint
    return f"the package index did not give what was asked{at}", CHECK_INDEX


def _fetched(text: str) -> str:
    """The package whose address could not be fetched."""
    if url := re.search(r"(?:https?|file)://[^\s`)]+", text):
        parts = [part for part in re.split(r"[?#]", url[0])[0].split("/") if part]
        return parts[-2] if parts[-1] == "metadata" else parts[-1].removesuffix(".metadata")
    found = re.search(r"(?:download|fetch|read)[^`]{0,40}`([^`]+)`", text, re.I)
    return found[1] if found else ""


def _version(text: str) -> tuple[str, str] | None:
    if "No solution found" not in text:
        return None
    reason = text.partition("No solution found when resolving dependencies")[2].lstrip(": ")
    reason = re.split(r"\bhint: ", reason)[0].partition(", we can conclude that your req")[0]
    missing = re.search(r"Because (\S+) was not found in", text)
    if missing:
        hint = f"check the spelling of `{missing[1]}`; it may be called differently than its import"
    elif "Python" in reason:
        hint = f"the gateway has {here()}: choose versions that run there"
    else:
        hint = "loosen or correct the versions that are asked for"
    return f"the requirements cannot be met: {_short(reason)}", hint


def _parse(text: str) -> tuple[str, str] | None:
    found = re.search(r"(Couldn.t parse|Failed to parse|Invalid requirement)(.*)", text, re.I)
    return (f"{found[1]}{_short(found[2])}", "correct that line") if found else None


def _short(text: str) -> str:
    text = text.strip()
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
