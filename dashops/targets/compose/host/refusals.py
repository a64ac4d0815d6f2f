"""What `ssh` says when it does not connect, in our words and with what to do; pure."""

import re
from urllib.parse import urlsplit

from dashops.errors import ToolError


def named(address: str, error: ToolError) -> ToolError:
    """The error for people, with the words of `ssh` as its place."""
    said = error.where
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port or 22
    scan = f"ssh-keyscan -p {port} {host}"
    for pattern, message, hint in (
        (
            r"REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for .* has changed",
            f"the host key of `{host}` is not the one that is known",
            f"find out why; if it is right: `ssh-keygen -R {host}`, then log in with `ssh` once",
        ),
        (
            r"Host key verification failed|No \S+ host key is known",
            f"the host key of `{host}` is not known here",
            f"log in with `ssh` once, or compare what `{scan}` says with the host's own "
            "`/etc/ssh/ssh_host_*_key.pub` and add it to `~/.ssh/known_hosts`",
        ),
        (
            r"Permission denied",
            f"`{host}` accepts no key of ours for this user",
            "try `ssh` by hand; `ssh-copy-id` brings a key there, and `ssh-add` opens one that "
            "has a passphrase",
        ),
        (
            r"Could not resolve hostname|Name or service not known",
            f"there is no host `{host}`",
            "look at the name in `host`, or in your `~/.ssh/config`",
        ),
        (
            r"Connection refused",
            f"nothing listens on port {port} of `{host}`",
            "start its SSH server, or name its port: `ssh://user@host:2222`",
        ),
        (
            r"timed out|No route to host|Network is unreachable",
            f"`{host}` does not answer on port {port}",
            "see whether it runs, and whether a firewall stands between",
        ),
        (
            r"administratively prohibited|forwarding failed|forward request failed",
            f"the SSH server of `{host}` does not forward, or a socket of ours is taken",
            "it needs `AllowStreamLocalForwarding yes` and `AllowTcpForwarding yes`",
        ),
    ):
        if re.search(pattern, said, re.IGNORECASE):
            return ToolError(message, hint=hint, where=said)
    if "is not installed" in error.message:
        hint = "install OpenSSH's client: `apt install openssh-client`"
        return ToolError("`ssh` is not installed on this machine", hint=hint)
    return ToolError(
        f"no connection to `{host}`", hint="try `ssh` by hand", where=said or error.message
    )
