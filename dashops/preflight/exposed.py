"""What looks like a password or key in what would be published; a finding never repeats it."""

import ast
import re
from collections.abc import Iterator, Mapping

from dashops.preflight.cells import Code
from dashops.preflight.finding import Finding

_FIX = "take it out, make it void where it was valid, and let the operator set a variable"
_KEYS = {
    "an AWS access key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a GitHub token": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,})"),
    "a GitLab token": re.compile(r"\bglpat-[\w-]{20,}"),
    "a Slack token": re.compile(r"\bxox[abprs]-[\w-]{10,}"),
    "a Google API key": re.compile(r"\bAIza[\w-]{35}\b"),
    "an API key": re.compile(r"\b(?:sk|pk|rk)[-_](?:live_|test_|ant-|proj-)?[A-Za-z0-9_-]{32,}"),
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "a password in a URL": re.compile(
        r"[a-z][a-z0-9+]*://[^/\s:@'\"{}<>]+:[^/\s:@'\"{}<>$]+@[\w.]"
    ),
}
_NAME = re.compile(r"(?:^|_)(?:password|passwd|pwd|secret|api_?key|access_?key|auth_?token)$", re.I)
_NO_SECRET = re.compile(
    r"[x*.\-_]*|<.*>|\$?\{.*\}|(?:your|my|the|change|example|dummy|test|todo|insert)\b.*|.*\s.*",
    re.I | re.S,
)
_FILES = (".pem", ".key", ".p12", ".pfx", "id_rsa", "id_ed25519", ".netrc", ".pypirc", ".htpasswd")
_READ = 1_000_000  # bytes of a file that are looked at


def in_code(code: Code) -> Iterator[Finding]:
    """Keys in the text of a cell or module, and literals whose names say what they are."""
    for number, line in enumerate(code.source.splitlines(), start=1):
        for what, pattern in _KEYS.items():
            if pattern.search(line):
                yield _finding(f"what looks like {what} is in the code", code.place.at(number))
                return
    for node in ast.walk(code.tree):
        for name, value in _named(node):
            if _NAME.search(name) and len(value) >= 6 and not _NO_SECRET.fullmatch(value):
                message = f"`{name}` is set to a text in the code"
                yield _finding(message, code.place.at(getattr(node, "lineno", None)))
                return


def in_files(files: Mapping[str, bytes]) -> Iterator[Finding]:
    """Files that are keys by their name, or have one in them."""
    for path, content in files.items():
        if path.endswith(_FILES):
            yield _finding(f"`{path}` is named like a key", {"file": path})
            continue
        text = content[:_READ].decode("latin-1")
        for what, pattern in _KEYS.items():
            if what != "an API key" and pattern.search(text):
                yield _finding(f"what looks like {what} is in `{path}`", {"file": path})
                break


def _named(node: ast.AST) -> Iterator[tuple[str, str]]:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str() as text)):
            yield name, text
        case ast.keyword(arg=str() as name, value=ast.Constant(value=str() as text)):
            yield name, text


def _finding(message: str, where: Mapping[str, object]) -> Finding:
    return Finding("secret", "warning", message, _FIX, **where)  # type: ignore[arg-type]
