"""Ends logins together with all that hangs on them; who may do that says its caller."""

import time
from collections.abc import Mapping
from typing import Any


async def out(settings: Mapping[str, Any], login: str, reason: str = "logged out") -> None:
    """End one login and its kernels. Raises Unavailable."""
    await settings["sessions"].end(login)
    await _end_kernels(settings, {login}, reason)


async def everywhere(settings: Mapping[str, Any], name: str) -> int:
    """End all logins of a person and their kernels; how many logins. Raises Unavailable."""
    ended = await settings["sessions"].end_all(name)
    await _end_kernels(settings, set(ended), "logged out")
    return len(ended)


async def sweep(settings: Mapping[str, Any]) -> None:
    """End the kernels of logins that are over, and forget those."""
    now = time.monotonic()
    used: dict[str, float] = {}
    for visit in settings["kernel_manager"].visits:
        if visit.login:
            ago = now - visit.active
            used[visit.login] = min(ago, used.get(visit.login, ago))
    if over := settings["sessions"].over(used):
        await _end_kernels(settings, over, "login over")
    await settings["sessions"].sweep()


async def gone(settings: Mapping[str, Any]) -> None:
    """End the kernels of logins that were ended at another server. Raises Unavailable."""
    used = {visit.login for visit in settings["kernel_manager"].visits if visit.login}
    if over := await settings["sessions"].gone(used):
        await _end_kernels(settings, over, "logged out")


async def _end_kernels(settings: Mapping[str, Any], logins: set[str], reason: str) -> None:
    kernels = settings["kernel_manager"]
    for kernel in kernels.open_kernels:
        if kernel.visit.login in logins:
            await kernels.end(kernel.kernel_id, reason)
