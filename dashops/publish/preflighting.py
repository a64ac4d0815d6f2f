"""The verbs that look before anything is sent: preflight and kernels; values, no printing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dashops import apply, bundle, client, errors, preflight
from dashops.bundle.requirements import decode
from dashops.preflight import Declared, Finding
from dashops.publish.destinations import LIMIT, Destination, destination
from dashops.stack import Stack

REQUIREMENTS = "requirements.txt"


@dataclass(frozen=True)
class Checks:
    """What an author asked preflight for: refuse at a warning, write requirements.txt."""

    strict: bool = False
    fix: bool = False


@dataclass(frozen=True)
class Preflight:
    """What preflight found, errors first.

    `silent` says why the server was not asked, or told nothing. `written` is the file that
    `--fix` wrote, and `added` the packages that are new in it.
    """

    notebook: Path
    findings: tuple[Finding, ...]
    silent: str = ""
    written: Path | None = None
    added: tuple[str, ...] = ()
    strict: bool = False

    @property
    def refused(self) -> int:
        """How many findings are in the way."""
        grave = ("error", "warning") if self.strict else ("error",)
        return sum(each.severity in grave for each in self.findings)


@dataclass(frozen=True)
class Kernels:
    """The kernelspecs that notebooks of one server may name."""

    server: str
    default: str
    kernels: dict[str, client.Kernel]


def server_if_any(
    load: Callable[[], Stack], url: str | None, token_file: Path | None
) -> Destination | None:
    """As `destination`, but None when no server is named and there is no stack yet."""
    if url is None and token_file is None and not load().secret_file("deploy-token").is_file():
        return None
    return destination(load, url, token_file)


def check(
    notebook: Path, files: Sequence[Path], to: Destination | None, checks: Checks
) -> Preflight:
    """Look at what would go up, and write requirements.txt if asked to; sends nothing."""
    about, silent = _ask(to)
    folder = notebook.absolute().parent.resolve()
    limit = to.limit if to else LIMIT
    packed = bundle.collect(notebook, files, limit)
    installed = preflight.installed(notebook, bundle.kernel(packed.notebook))
    author = preflight.Author(folder, installed)
    declared = _declared(packed)
    report = preflight.look(packed, about, author, declared)
    # A requirements.txt would hide what the author declared elsewhere.
    fixable = _missing(report) and (declared is None or declared.source == REQUIREMENTS)
    if not (checks.fix and fixable):
        return Preflight(notebook, report.findings, silent, strict=checks.strict)
    file = folder / REQUIREMENTS
    text = decode(file.read_bytes(), REQUIREMENTS) if declared else None
    fixed = preflight.requirements(
        text, _missing(report) if declared else report.packages, installed.versions
    )
    apply.save(file, fixed)
    added = fixed.removeprefix(text or "").splitlines()
    packed = bundle.collect(notebook, files, limit)
    report = preflight.look(packed, about, author, _declared(packed))
    return Preflight(
        notebook,
        report.findings,
        silent,
        file,
        tuple(line for line in added if line and not line.startswith("#")),
        checks.strict,
    )


def ready(
    notebook: Path,
    files: Sequence[Path],
    to: Destination,
    checks: Checks,
    say: Callable[[Preflight], None],
) -> None:
    """Preflight before a deploy: `say` what was found; SpecError if strict and there is any.

    Without strict the deploy goes on: the server's own run is the judge.
    """
    found = check(notebook, files, to, checks)
    say(found)
    if checks.strict and found.refused:
        things = "one thing" if found.refused == 1 else f"{found.refused} things"
        raise errors.SpecError(
            f"preflight found {things} that `--strict` refuses",
            hint="nothing was sent; follow the fixes above, or leave out `--strict`",
        )


def kernels(to: Destination) -> Kernels:
    """What the gateway can run."""
    about = client.about.ask(to.server)
    if about is None or about.kernels is None:
        raise errors.ToolError(
            f"the server at `{to.server.url}` does not tell its kernels",
            hint="update dashops there; a deploy names them when one is missing",
        )
    return Kernels(to.server.url, about.default_kernel, dict(about.kernels))


def _ask(to: Destination | None) -> tuple[client.About | None, str]:
    """What the server says of itself; preflight goes on without, and says why."""
    if to is None:
        return None, "there is no stack yet and no server was named"
    about, silent = None, ""
    try:
        about = client.about.ask(to.server)
        silent = "" if about else f"the server at `{to.server.url}` is too old to tell"
    except errors.DashopsError as error:
        silent = error.message
    if to.env is not None and (about is None or about.env is None):
        about = replace(about or client.About(), env=to.env)
    return about, silent


def _declared(packed: bundle.Bundle) -> Declared | None:
    return preflight.declarations(bundle.dependencies(packed))


def _missing(report: preflight.Report) -> tuple[str, ...]:
    found = (each for each in report.findings if each.kind in ("import", "run-time-install"))
    return tuple(package for each in found for package in each.packages)
