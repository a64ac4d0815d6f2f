"""What keeps an image from being built, in our words and with the setting that matters; pure."""

from collections.abc import Iterator

from dashops.errors import SpecError
from dashops.plan import Trouble
from dashops.stack import FILE, Stack
from dashops.targets.compose.facts import Facts

# What an engine runs besides images of its own architecture.
ALSO = {"amd64": ("386",), "arm64": ("arm",)}
BASE = "images.base"
CERTIFICATES = "environment.certificates"
INDEX = "environment.index"
PROXY = "environment.proxy"
PACKAGES = "environment.packages"
DEBIAN = "name a Debian or Ubuntu with Python 3.11 or newer and `python3-venv`"
MEND = "mend that, then repeat: what was built stays, and what ran before runs on"


def foreign(stack: Stack, facts: Facts) -> SpecError | None:
    """Why what is built on `images.base`, as the engine has it now, could not run there."""
    base, ours = facts.base, facts.architecture
    if not base or not ours or base in (ours, *ALSO.get(ours, ())):
        return None
    return SpecError(
        f"`{stack.images.base}` is for `{base}`, and the engine builds for `{ours}`",
        hint=f"name an image for `{ours}` in `{BASE}`, or fetch it: "
        f"`docker pull --platform linux/{ours} {stack.images.base}`; where the engine emulates "
        f"`{base}`, set DOCKER_DEFAULT_PLATFORM=linux/{base}",
        where=place(stack, BASE),
    )


def place(stack: Stack, key: str) -> str:
    """Who set a setting, or who could."""
    where = stack.where(key)
    return where if where != "default" else f"{stack.path or FILE}: `{key}` is not set"


def find(stack: Stack, facts: Facts) -> tuple[Trouble, ...]:
    """What the tools that build images may say, the more telling first."""
    return tuple(
        Trouble(pattern, message, hint, place(stack, key) if key else "")
        for pattern, message, hint, key in _troubles(stack, facts)
    )


def _troubles(stack: Stack, facts: Facts) -> Iterator[tuple[str, str, str, str]]:
    base, ours = stack.images.base, facts.architecture
    yield (
        r"no space left on device|disk quota exceeded",
        "the disk of the Docker Engine is full",
        "`docker system df` shows what takes room, `docker system prune` frees what nobody uses; "
        + MEND,
        "",
    )
    yield from _of_base(base, ours)
    yield from _of_network(stack)
    yield (
        r"No solution found when resolving dependencies",
        "there are no versions of the packages that fit together, and fit the Python inside",
        f"what is shown says which do not; they are in `{PACKAGES}`, `dashboard.frontends` and "
        "`identity.packages`",
        PACKAGES,
    )
    yield (
        r"Unable to locate package (\S+)|Package '?([^' ]+)'? has no installation candidate",
        "the Debian packages of the image are not all there: `\\1\\2`",
        f"look at `images.gateway_debs` and `images.notebook_debs`, and whether `{base}` reaches "
        "the archives in its /etc/apt; behind a proxy set `environment.proxy`",
        "images.notebook_debs",
    )


def _of_base(base: str, ours: str) -> Iterator[tuple[str, str, str, str]]:
    """What is wrong with the image that all are built on."""
    yield (
        r"exec format error|cannot execute binary file",
        f"`{base}` is for another architecture than the engine's, which is `{ours}`",
        f"name an image for `{ours}` in `{BASE}`",
        BASE,
    )
    yield (
        r"no matching manifest for (\S+)|does not match the specified platform: wanted (\S+),",
        f"there is no `{base}` for `\\1\\2`",
        f"name an image in `{BASE}` that is made for it",
        BASE,
    )
    yield (
        r"x509: |tls: failed to verify certificate",
        f"the engine does not trust the certificate of the registry of `{base}`",
        "put its authority into /etc/docker/certs.d/HOST/ca.crt, or among those that the engine's "
        f"machine trusts; or bring the image there with `docker load`, or name another in `{BASE}`",
        BASE,
    )
    yield (
        r"pull access denied|repository does not exist|manifest unknown"
        r"|manifest for \S+ not found|failed to resolve \S.*: not found",
        f"there is no image `{base}`, or it may not be fetched",
        f"look at its name in `{BASE}`; one that is not for all needs `docker login` first, and "
        "one without a registry comes with `docker load` or `docker import`",
        BASE,
    )
    yield (
        r"(?:Get|Head) \"https?://[^\"]+/v2/[^\"]*\": "
        r"|dial tcp .*(?:no such host|refused|timeout|unreachable)|TLS handshake timeout"
        r"|failed to resolve source metadata",
        f"`{base}` is not here, and its registry does not answer",
        "let the engine reach it (`systemctl edit docker` sets HTTPS_PROXY for it), bring the "
        f"image with `docker load`, or name one in `{BASE}` that is here: `docker images`",
        BASE,
    )
    yield (
        r"exec: \"/bin/sh\"|stat /bin/sh:",
        f"`{base}` has no shell, so nothing can be built on it",
        f"{DEBIAN} in `{BASE}`",
        BASE,
    )
    yield (
        r"python3: (?:command )?not found|exec: \"python3\"|python3: No such file",
        f"`{base}` has no Python",
        f"{DEBIAN} in `{BASE}`",
        BASE,
    )
    yield (
        r"dashops needs Python (\d\S*), and this is (\d\S*)",
        f"the Python of `{base}` is \\2, and dashops needs \\1",
        f"{DEBIAN} in `{BASE}`",
        BASE,
    )
    yield (
        r"ensurepip is (?:not available|disabled)|No module named '?(?:venv|ensurepip)",
        f"the Python of `{base}` makes no environments: `python3-venv` is missing",
        f"{DEBIAN} in `{BASE}`",
        BASE,
    )
    yield (
        r"(?:apt-get|useradd): (?:command )?not found",
        f"`{base}` is no Debian: it has no `apt-get` or no `useradd`",
        f"{DEBIAN} in `{BASE}`",
        BASE,
    )


def _of_network(stack: Stack) -> Iterator[tuple[str, str, str, str]]:
    """What is wrong between the build and where packages are."""
    index = stack.environment.index or "PyPI"
    untrusted = (
        r"CERTIFICATE_VERIFY_FAILED|UnknownIssuer|invalid peer certificate"
        r"|self.signed certificate|unable to get local issuer|Certificate verification failed"
    )
    if stack.environment.certificates is None:
        message = f"images do not trust the certificate of {index}: a proxy may open TLS"
        hint = f"set `{CERTIFICATES}` to a file (PEM) of the authorities to trust"
    else:
        message = f"no authority in `{CERTIFICATES}` is that of the certificate of {index}"
        hint = "add the authority of the proxy or the index to that file"
    yield (
        r"ProxyError\('[^']*', \w+\('([^']*)|(Proxy Authentication Required|tunnel error)",
        f"the way to {index} through a proxy does not work: \\1\\2",
        f"look at `{PROXY}`, its port and the name and password in it",
        PROXY,
    )
    yield untrusted, message, f"{hint}, such as /etc/ssl/certs/ca-certificates.crt", CERTIFICATES
    yield (
        r"Temporary failure in name resolution|Temporary failure resolving|dns error"
        r"|Name or service not known|Failed to establish a new connection|ConnectTimeout"
        r"|tcp connect error|error sending request|Network is unreachable"
        r"|Connection refused|Connection timed out",
        f"the build does not reach {index}",
        "look at the network of the engine's containers; behind a proxy set `environment.proxy`, "
        f"and an index of your own is `{INDEX}`",
        INDEX,
    )
    yield (
        r"No matching distribution found for (\S+)",
        f"{index} has no `\\1` for the Python of `{stack.images.base}`",
        f"look at `{INDEX}`: with an index of your own it must have what dashops is built with",
        INDEX,
    )
