"""What a server says its dashboards take, as values; it decodes nothing itself."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Dashboard:
    """What one dashboard takes; memory in bytes, times in seconds, None where nobody measured.

    `revision` is None when only a preview is open. `own` is what the kernels of its viewers have
    each for himself, `own_each` the median of that; `shared` is what is there once for all of
    them: snapshots, warm kernels, and their part of libraries. `kernels` are those of viewers and
    warm ones. `fork` is the median of the last forks, `open_p50` and `open_p95` are from the
    request to the whole page.
    """

    name: str
    revision: int | None
    mode: str
    viewers: int
    waiting: int
    kernels: int
    own: int
    own_each: int | None
    shared: int
    fork: float | None
    open_p50: float | None
    open_p95: float | None


@dataclass(frozen=True)
class Gateway:
    """One gateway, with None for all that is not known of one that does not answer.

    `available` are the bytes it may still take of the `limit` that its machine or cgroup has.
    """

    url: str
    reachable: bool
    kernels: int | None
    available: int | None
    limit: int | None


@dataclass(frozen=True)
class Usage:
    """All dashboards and gateways of a server at this moment."""

    viewers: int
    waiting: int
    dashboards: tuple[Dashboard, ...]
    gateways: tuple[Gateway, ...]
