"""The compose recipe's values: images, sites and digests become rendered files; pure."""

import contextlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

from packaging.requirements import InvalidRequirement, Requirement

from dashops import plan, render
from dashops.stack import Stack
from dashops.targets import NAMES, origin, packages
from dashops.targets import services as shared
from dashops.targets.compose import composed, naming
from dashops.targets.compose.composed import own, said, services
from dashops.targets.compose.facts import SERVICES, SLOTS, Facts, project
from dashops.targets.compose.host import files as files_there
from dashops.targets.compose.host.asking import NOBODY, folder
from dashops.targets.place import Place

__all__ = [
    "files",
    "image",
    "own",
    "public",
    "said",
    "services",
    "wheel",
]

CONFIGURATION = Path("/etc/dashops")
# What each service imports when it starts, or soon after.
WARM = {
    "gateway": (
        "ipykernel.kernelapp",
        "kernel_gateway.gatewayapp",
        "kernel_gateway.jupyter_websocket",
        "matplotlib.pyplot",
        "matplotlib_inline.backend_inline",
        "plotly.express",
    ),
    "dashboard": (
        "alembic.command",
        "argon2",
        "authlib",
        "joserfc.jwt",
        "nbclient",
        "nbconvert.exporters",
        "sqlalchemy.orm",
        "voila.app",
    ),
    "notebook": ("ipykernel.kernelapp", "jupyterlab.labapp", "matplotlib.pyplot", "notebook.app"),
}
# What only the command line needs, and the package itself, which comes as a wheel.
OUTSIDE = {"dashops", "rich", "supervisor", "typer"}
CA = "/etc/ssl/dashops-ca.pem"
STATE = "/var/lib/dashops"


def files(stack: Stack, facts: Facts) -> dict[str, str]:
    """Every rendered file of the stack, `{path under .dashops/rendered: text}`."""
    values, mine = _values(stack, facts), render.overlay.read(stack.recipes_dir, "compose", NAMES)
    blank = dict.fromkeys(SLOTS, "")
    first = naming.first(stack)
    drafts = _rendered(stack, mine, values | first | {"images": blank, "digests": blank})
    images = {slot: image(stack, facts, drafts, slot) for slot in SLOTS}
    drafts = _rendered(stack, mine, values | first | {"images": images, "digests": blank})
    digests = {slot: plan.digest(own(drafts, slot)) for slot in SLOTS}
    names = naming.choose(stack, facts, digests)
    more = {"images": images, "digests": digests | _more(drafts)}
    made = _rendered(stack, mine, values | names | more)
    composed.demand(stack, made, naming.slots(names), images, digests)
    return made


def _more(drafts: Mapping[str, str]) -> dict[str, str]:
    """One digest for all services of the operator's own, which share what makes them."""
    parts = {name: json.dumps(own(drafts, name)) for name in composed.extra(drafts)}
    return {"more": plan.digest(parts)} if parts else {}


def image(stack: Stack, facts: Facts, files: Mapping[str, str], slot: str) -> str:
    """The name of the slot's image, with a tag made from all that it is built from."""
    names = {f"images/{slot}.Dockerfile", f"images/{slot}.requirements.txt", "images/ca.pem"}
    names |= {"images/overrides.txt", "images/warm.py"} if slot in SERVICES else set()
    # Any file of the operator's may be copied into any image.
    ours = re.compile(
        r"images/(.*\.Dockerfile|.*\.requirements\.txt|ca\.pem|overrides\.txt|warm\.py)"
    )
    built = {
        name: text
        for name, text in files.items()
        if name in names or (name.startswith("images/") and not ours.fullmatch(name))
    }
    # What is mounted over it is not what it is built from.
    code = "" if slot in stack.develop else facts.code.get(slot, "")
    made = plan.digest(built | {"": code})
    prefix = f"{stack.images.registry.rstrip('/')}/" if stack.images.registry else ""
    return f"{prefix}dashops-{stack.name}-{slot}:{made}"


def wheel() -> str:
    """The file name of the running dashops as a wheel."""
    return f"dashops-{metadata.version('dashops')}-py3-none-any.whl"


def sites(stack: Stack) -> list[tuple[str, int]]:
    """The public addresses with the port of the dashboard server behind each."""
    both = (
        (stack.dashboard.address, stack.dashboard.port),
        (stack.dashboard.content_address, stack.dashboard.content_port),
    )
    return [(address, port) for address, port in both if address]


def public(stack: Stack) -> list[int]:
    """The ports that public addresses are on, and 80 where Let's Encrypt looks."""
    found = set()
    for address, _ in sites(stack):
        parts = urlsplit(address.replace("*.", ""))
        found.add(parts.port or (443 if parts.scheme == "https" else 80))
        if parts.scheme == "https" and not (stack.proxy.certificate or stack.proxy.signs(address)):
            found.add(80)
    return sorted(found - set(_loopback(stack)))


def given(stack: Stack) -> dict[str, dict[Path, Path]]:
    """The operator's files by slot, each with where its container sees it."""
    named = {
        "dashboard": (
            stack.identity.options_file,
            stack.identity.header_key_file,
            stack.identity.oidc_client_secret_file,
        ),
        "notebook": (stack.notebook.entries_file,),
        "proxy": (stack.proxy.certificate, stack.proxy.certificate_key),
    }
    return {
        slot: {path: Path("/given") / str(n) / path.name for n, path in enumerate(paths) if path}
        for slot, paths in named.items()
    }


def _mounted(stack: Stack) -> dict[str, dict[Path, Path]]:
    """The operator's files as the engine finds them: on a host of its own where they were sent."""
    if not stack.host:
        return given(stack)
    sent = files_there.given(given(stack))
    return {
        slot: {Path(folder(stack)) / sent[path]: inside for path, inside in each.items()}
        for slot, each in given(stack).items()
    }


def _values(stack: Stack, facts: Facts) -> dict[str, object]:
    found = packages.find(stack)
    certificates = stack.environment.certificates
    asked = {
        "gateway": stack.environment.packages,
        "notebook": stack.environment.packages,
        "dashboard": (*stack.dashboard.frontends, *stack.identity.packages),
    }
    return {
        "stack": stack,
        "project": project(stack),
        "folder": str(stack.state_dir),
        "turns": naming.TURNS,
        "unproxied": ",".join(("localhost", "127.0.0.1", *naming.TURNS, "notebook", "proxy")),
        "secrets": shared.SECRETS,
        "user": f"{facts.uid}:{facts.uid}",
        "uid": NOBODY,
        "passed": [name for name in stack.gateway.env if name not in ("LANG", "LC_ALL")],
        "bound": stack.where("notebook.folder") != "default",
        "given": _mounted(stack),
        "sites": sites(stack),
        "internal": any(stack.proxy.signs(address) for address, _ in sites(stack)),
        "public": public(stack),
        "loopback": _loopback(stack),
        "certificates": certificates is not None,
        "index": f"--index-url {stack.environment.index} " if stack.environment.index else "",
        "options": "".join(f"{word} " for word in found.options),
        "packages": packages.Packages(
            found.options, {**found.env, "SSL_CERT_FILE": CA} if certificates else found.env
        ),
        "wheel": wheel(),
        "version": metadata.version("dashops"),
        "browser": "",
        "place": _place(stack),
        "requirements": {
            slot: sorted({*_needed(shared.extras(stack, slot, browser="")), *asked[slot]})
            for slot in SERVICES
        },
        "source": origin.PACKAGE,
        "code": facts.code,
        "warm": {
            slot: " ".join(sorted({*WARM[slot], *_modules(asked[slot])})) for slot in SERVICES
        },
        "debs": {
            "gateway": stack.images.gateway_debs,
            "dashboard": (),
            "notebook": (*stack.images.gateway_debs, *stack.images.notebook_debs),
        },
    }


def _modules(packages: Iterable[str]) -> Iterator[str]:
    """What importing these packages may be called: most have modules of their own name."""
    for each in packages:
        with contextlib.suppress(InvalidRequirement):
            yield Requirement(each).name.lower().replace("-", "_")


def _rendered(stack: Stack, mine: render.Overlay, values: Mapping[str, object]) -> dict[str, str]:
    made = render.recipe("compose", values, mine)
    if stack.environment.certificates:
        made["images/ca.pem"] = stack.environment.certificates.read_text(encoding="utf-8")
    return made


def _needed(names: Iterable[str]) -> Iterator[str]:
    """What dashops itself requires with these extras, for the Python inside."""
    for line in metadata.requires("dashops") or ():
        wanted = Requirement(line)
        marker = wanted.marker
        if wanted.name not in OUTSIDE and (
            marker is None or any(marker.evaluate({"extra": name}) for name in ("", *names))
        ):
            wanted.marker = None
            yield str(wanted)


def _place(stack: Stack) -> Place:
    paths = {path: inside for each in given(stack).values() for path, inside in each.items()}
    return Place(
        ip="0.0.0.0",  # inside its networks, which is nobody's but the stack's
        hosts=("127.0.0.1", "localhost", "proxy"),
        address=stack.dashboard.address or stack.url("dashboard"),
        # The proxy knows which of the servers it is.
        dashboard=f"http://proxy:{stack.dashboard.port}",
        gateway="",
        secrets=Path("/run/secrets"),
        store=f"{STATE}/store",
        claims_key=f"{STATE}/claims/claims.pub",
        bundles=f"{STATE}/gateway",
        environments=f"{STATE}/gateway/environments",
        kernel_log="/proc/1/fd/2",
        notebooks="/notebooks",
        given=paths,
    )


def _loopback(stack: Stack) -> list[int]:
    return [stack.dashboard.port, stack.dashboard.content_port, stack.notebook.port]
