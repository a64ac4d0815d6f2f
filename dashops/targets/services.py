"""What the services need on every platform: their secrets, and parts of dashops; pure."""

from dashops.stack import Stack

SECRETS = (
    "gateway-token",
    "deploy-token",
    "author-token",
    "admin-token",
    "cookie-secret",
    "viewer-password",
    "notebook-token",
)


def extras(stack: Stack, slot: str, browser: str) -> tuple[str, ...]:
    """The parts of dashops that a slot gets: drivers only when they are used."""
    if slot != "dashboard":
        return (slot,)
    places = {"postgres": stack.dashboard.database, "s3": stack.dashboard.files}
    prefixes = {"postgres": "postgresql:", "s3": "s3:"}
    used = (name for name, url in places.items() if url and url.startswith(prefixes[name]))
    return (slot, *(["browser"] if browser else []), *used)
