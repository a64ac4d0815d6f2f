"""One account that all viewers share, with a generated password; it tells nobody apart."""

import hmac

from dashops.services.dashboard import config
from dashops.services.dashboard.identity.provider import Means, Person


class Shared:
    """Compares with what a file holds; each login of it is a viewer of its own."""

    shared = True

    def __init__(self, means: Means) -> None:
        self._name = means.settings.user
        self._password = config.secret(means.settings.password_file)

    async def check(self, name: str, password: str, *, known: bool) -> Person | None:  # noqa: ARG002
        """The shared account, if both are right."""
        right_name = hmac.compare_digest(name.encode(), self._name.encode())
        right_password = hmac.compare_digest(password.encode(), self._password.encode())
        return Person(self._name, self._name) if right_name and right_password else None
