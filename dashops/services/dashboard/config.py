"""What the dashboard server reads once at start; nothing here talks to a network."""

import ssl
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SHIFT = "shift.toml"


@dataclass(frozen=True)
class GatewayAddress:
    """Where one kernel gateway listens and which file holds its token."""

    url: str
    token_file: Path


@dataclass(frozen=True)
class Identity:
    """Who vouches for visitors, and how; durations in seconds, files are paths, empty for none."""

    provider: str
    options_file: str
    session_idle: int
    session_lifetime: int
    operators: tuple[str, ...]
    authors: tuple[str, ...]
    header_name: str
    header_groups: str
    header_trusted: tuple[str, ...]
    header_key_file: str
    oidc_issuer: str
    oidc_client_id: str
    oidc_client_secret_file: str
    oidc_scopes: tuple[str, ...]
    oidc_name_claim: str
    oidc_groups_claim: str


@dataclass(frozen=True)
class Config:
    """The settings of one dashboard server; durations in seconds, sizes in bytes."""

    ip: str
    port: int
    content_port: int
    address: str
    content_address: str
    hosts: tuple[str, ...]
    title: str
    access: str
    store: Path
    database: str
    files: str
    identity: Identity
    user: str
    password_file: Path
    deploy_token_file: Path
    author_token_file: Path
    admin_token_file: Path
    cookie_secret_file: Path
    gateways: tuple[GatewayAddress, ...]
    cell_timeout: int
    run_timeout: int
    idle_timeout: int
    reconnect_grace: int
    upload_limit: int
    max_viewers: int
    viewers_per_dashboard: int
    viewers_per_user: int
    keep_revisions: int
    drain_timeout: int
    preview_timeout: int
    concurrent_deploys: str
    snapshots: bool
    snapshot_max_age: int
    snapshot_idle: int
    warm_kernels: int
    warm_max_age: int
    browser: str
    environments: bool = True
    certificate: str = ""
    certificate_key: str = ""
    claims_key: str = ""
    instance: str = ""
    shift_file: Path | None = None

    @property
    def claims_file(self) -> Path:
        """Where kernels find the public key of claims."""
        return Path(self.claims_key or self.store / "claims.pub")

    @property
    def proxied(self) -> bool:
        """Whether another server stands before this one, whose word on visitors counts."""
        return bool(self.address) and not self.certificate


@dataclass(frozen=True)
class Shift:
    """What may change while a server runs: which one visitors shall be sent to, and the gateways.

    ``servers`` is where they find each other, by instance.
    """

    instance: str
    servers: Mapping[str, str]
    gateways: tuple[GatewayAddress, ...]


def shift(path: Path) -> Shift:
    """Read a rendered ``shift.toml``; raises as ``load``, and OSError when it is gone."""
    data = tomllib.loads(path.read_text())
    servers = {name: str(url).rstrip("/") for name, url in data["servers"].items()}
    return Shift(data["serving"]["instance"], servers, _gateways(data))


def load(path: Path, *others: Path, instance: str = "") -> Config:
    """Read a rendered ``dashboard.toml``; raises ``KeyError`` or ``TypeError`` on a bad one.

    What is in the other files, those of an app, comes before what is in the ones before. Of
    several servers each has an ``instance`` of its own, and ``shift.toml`` is beside the file.
    """
    data = tomllib.loads(path.read_text())
    for other in others:
        for name, each in tomllib.loads(other.read_text()).items():
            data[name] = data[name] | each if isinstance(each, dict) else each
    server, login, limits = data["server"], data["login"], data["limits"]
    opening = data["opening"]
    return Config(
        ip=server["ip"],
        port=server["port"],
        content_port=server["content_port"],
        address=server["address"].rstrip("/"),
        content_address=server["content_address"].rstrip("/"),
        hosts=(*server["hosts"], *filter(None, (urlsplit(server["address"]).hostname,))),
        title=server["title"],
        access=server["access"],
        store=Path(server["store"]),
        database=server["database"],
        files=server["files"],
        identity=Identity(**{key: _frozen(value) for key, value in data["identity"].items()}),
        user=login["user"],
        password_file=Path(login["password_file"]),
        cookie_secret_file=Path(login["cookie_secret_file"]),
        deploy_token_file=Path(server["deploy_token_file"]),
        author_token_file=Path(server["author_token_file"]),
        admin_token_file=Path(server["admin_token_file"]),
        gateways=shift(path.with_name(SHIFT)).gateways if instance else _gateways(data),
        cell_timeout=limits["cell_timeout"],
        run_timeout=limits["run_timeout"],
        idle_timeout=limits["idle_timeout"],
        reconnect_grace=limits["reconnect_grace"],
        upload_limit=limits["upload_limit"],
        max_viewers=limits["max_viewers"],
        viewers_per_dashboard=limits["viewers_per_dashboard"],
        viewers_per_user=limits["viewers_per_user"],
        keep_revisions=limits["keep_revisions"],
        drain_timeout=limits["drain_timeout"],
        preview_timeout=limits["preview_timeout"],
        concurrent_deploys=server["concurrent_deploys"],
        snapshots=opening["snapshots"],
        snapshot_max_age=opening["snapshot_max_age"],
        snapshot_idle=opening["snapshot_idle"],
        warm_kernels=opening["warm_kernels"],
        warm_max_age=opening["warm_max_age"],
        browser=data["gate"]["browser"],
        environments=server.get("environments", True),
        certificate=server.get("certificate", ""),
        certificate_key=server.get("certificate_key", ""),
        claims_key=server.get("claims_key", ""),
        instance=instance,
        shift_file=path.with_name(SHIFT) if instance else None,
    )


def _gateways(data: Mapping[str, Any]) -> tuple[GatewayAddress, ...]:
    return tuple(
        GatewayAddress(url=each["url"].rstrip("/"), token_file=Path(each["token_file"]))
        for each in data["gateways"]
    )


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def secret(path: Path) -> str:
    """Return the secret a file holds, without its line end."""
    return path.read_text().strip()


def tls(settings: Config) -> ssl.SSLContext | None:
    """What the server speaks TLS with, None where it does not; raises OSError at a bad pair."""
    if not settings.certificate:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(settings.certificate, settings.certificate_key)
    return context
