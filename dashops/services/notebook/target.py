"""A dashboard server as the operator of this notebook server has set it up."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dashops import client, errors

ASK = "tell the operator of this notebook server, who sets `Dashops.servers`"


class Target:
    """One server, with a token that its file has at that moment."""

    def __init__(self, name: str, url: str, token_file: str) -> None:
        self.name = name
        self.url = url
        self._token_file = Path(token_file)

    @contextmanager
    def server(self) -> Iterator[client.Server]:
        """The server to ask; what is wrong with its token is said in words for authors.

        Raises:
            DashopsError: when the token cannot be read, and what the block raises.
        """
        try:
            yield client.Server(self.url, self._token())
        except (client.TokenRefused, client.NotAllowed) as error:
            # An author has no token, and no command line to make or name one.
            raise errors.ToolError(error.message, hint=ASK) from error

    def _token(self) -> client.Secret:
        try:
            return client.Secret(self._token_file.read_text("utf-8").strip())
        except (OSError, UnicodeError) as error:
            raise errors.ToolError(
                f"the token for `{self.url}` cannot be read: {type(error).__name__}", hint=ASK
            ) from error
