"""Whole objects somewhere else, by fsspec: each appears in one request, so none is ever half."""

from typing import Any

from dashops.services.dashboard.store.database import Unavailable

_HINT = "check `dashboard.files`, and the keys and endpoint in ~/.aws"


class Shelf:
    """A prefix that this store has for itself; every method raises Unavailable when it fails."""

    def __init__(self, url: str) -> None:
        import fsspec

        try:
            self._system, self._root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise Unavailable(f"`dashboard.files` cannot be used: {error}", _HINT) from error
        self._root = self._root.rstrip("/")

    def put(self, name: str, data: bytes) -> None:
        """Keep an object."""
        self._do("pipe_file", name, data)

    def get(self, name: str) -> bytes:
        """What is in an object; FileNotFoundError when there is none."""
        return bytes(self._do("cat_file", name))

    def delete(self, name: str) -> None:
        """Delete an object, which may be gone."""
        if self._do("exists", name):
            self._do("rm_file", name)

    def _do(self, verb: str, name: str, *values: Any) -> Any:
        try:
            return getattr(self._system, verb)(f"{self._root}/{name}", *values)
        except FileNotFoundError:
            raise
        except Exception as error:  # each protocol has errors of its own
            text = f"the files of the dashboards cannot be reached: {type(error).__name__}: {error}"
            raise Unavailable(text, _HINT) from error
