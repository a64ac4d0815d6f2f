"""What would keep the engine from running the stack, found before anything is changed; pure."""

from collections.abc import Iterator

from dashops.errors import SpecError
from dashops.stack import Stack
from dashops.targets.compose.facts import Facts
from dashops.targets.compose.host import findings


def check(stack: Stack, facts: Facts) -> None:
    """Raise SpecError when the engine cannot run the stack."""
    for problem in _problems(stack, facts):
        raise problem


def _problems(stack: Stack, facts: Facts) -> Iterator[SpecError]:
    for each in facts.containers:
        if each.folder and each.folder != str(stack.state_dir):
            yield SpecError(
                f"another stack of the name `{stack.name}` runs here, that of `{each.folder}`",
                hint="give this one another `name`",
                where=stack.where("name"),
            )
    for key, port in stack.ports().items():
        if port in facts.taken:
            yield SpecError(
                f"port {port} of the {key.partition('.')[0]} slot is taken by another program",
                hint=f"stop it, or set `{key}` to a free port",
                where=stack.where(key),
            )
    if any("://" not in place for place in stack.environment.find_links):
        yield SpecError(
            "`environment.find_links` names a folder, which no container sees",
            hint="name the URL of a page or an index instead",
            where=stack.where("environment.find_links"),
        )
    if stack.environment.offline:
        yield SpecError(
            "`environment.offline` keeps images from being built",
            hint="name an index of your own with `environment.index`",
            where=stack.where("environment.offline"),
        )
    if facts.host:
        yield from _there(stack, facts)
    for key, why, hint in _beside(stack):
        yield SpecError(f"`{key}` {why}", hint=hint, where=stack.where(key))


def _there(stack: Stack, facts: Facts) -> Iterator[SpecError]:
    """What keeps another host from running it, but that its ports are taken: see above."""
    assert facts.host is not None
    for each in findings.find(facts.host, (), facts.architecture):
        if each.level == "error":
            yield SpecError(
                f"the host is not ready: {each.what}", hint=each.fix, where=stack.where("host")
            )
    if stack.develop:
        yield SpecError(
            "`develop` mounts the source tree of this machine, which the host does not see",
            hint="develop on this machine: `--host ''`",
            where=stack.where("develop"),
        )
    if stack.where("notebook.folder") != "default":
        yield SpecError(
            "`notebook.folder` names a folder of this machine, which the host does not see",
            hint="leave it out: notebooks are then in a volume there",
            where=stack.where("notebook.folder"),
        )


def _beside(stack: Stack) -> Iterator[tuple[str, str, str]]:
    """Settings whose value means nothing in a container, why, and what to do."""
    if stack.environment.python is not None:
        yield (
            "environment.python",
            "has no meaning in containers",
            "their Python is that of `images.base`",
        )
    if stack.dashboard.browser not in ("auto", "none"):
        yield (
            "dashboard.browser",
            "names a program of this machine, which no container sees",
            "leave it at `auto`: images have no browser, and the gate does without",
        )
    if stack.dashboard.database is not None:
        yield (
            "dashboard.database",
            "needs a password of this account, which no container sees",
            "leave it out: SQLite keeps its file in the volume `store`",
        )
    content = stack.dashboard.content_address or ""
    issued = stack.proxy.certificate is None and not stack.proxy.signs(content)
    if content.startswith("https://*.") and issued:
        yield (
            "dashboard.content_address",
            "has a `*`, and Let's Encrypt gives no such certificate to a proxy like this",
            "name one of your own with `proxy.certificate`, or an address without `*`",
        )
