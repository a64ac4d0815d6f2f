"""Dashboard on acme: makes a notebook an app, sends it to the host, and gives its address."""

import asyncio
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dashops import apps, errors
from dashops.bundlers import Context, Link, Tell

PATIENCE = 300  # seconds for the host to start an app
CHUNK = 2**16  # bytes


class Acme:
    """The entry of the menu."""

    label = "Dashboard on acme"
    group = "deploy"
    settings: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "host": {"type": "string", "pattern": "^https?://"},
            "token_file": {"type": "string"},
            "cluster_url": {"type": "string", "pattern": "^(https?://|$)", "default": ""},
            "cluster_key_file": {"type": "string", "default": ""},
        },
        "required": ["host", "token_file"],
        "additionalProperties": False,
    }

    async def bundle(self, notebook: Path, context: Context) -> Link:
        """Push the notebook's app; the notebook server goes on with other things meanwhile."""
        return await asyncio.to_thread(push, notebook, context)


def push(notebook: Path, context: Context) -> Link:
    """Make the app, send it, and wait for its address.

    Raises:
        DashopsError: when the app cannot be made, or the host does not take it.
    """
    settings = context.settings
    host = Host(settings["host"], secret(settings["token_file"]))

    def making(text: str, done: float | None) -> None:
        context.tell(text, None if done is None else done / 2)

    configuration = {}
    if settings["cluster_url"]:
        configuration["APP_GATEWAY_URL"] = settings["cluster_url"]
    app = apps.write(notebook, context.folder / "app.zip", configuration=configuration, tell=making)
    if settings["cluster_key_file"]:
        # Whoever downloads an app may read it, so the key goes another way.
        configuration["APP_GATEWAY_TOKEN"] = secret(settings["cluster_key_file"])
    context.tell("Sending the configuration", 0.5)
    host.put(f"/apps/{app.name}/configuration", [json.dumps(configuration).encode()])
    answer = host.put(f"/apps/{app.name}", parts(app.path, context.tell), app.size)
    return Link(str(answer["url"]), f"{app.title} is on acme")


class Host:
    """The company's API."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._token = token

    def put(self, path: str, body: Any, size: int | None = None) -> dict[str, Any]:
        """Put something there; what the host answers."""
        headers = {"Authorization": f"Bearer {self._token}"}
        if size is None:
            size = sum(map(len, body))
        headers["Content-Length"] = str(size)
        request = urllib.request.Request(self._url + path, body, headers, method="PUT")
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return dict(json.loads(answer.read() or b"{}"))
        except urllib.error.HTTPError as error:
            raise errors.ToolError(
                f"acme refused the dashboard: {said(error)}",
                hint="the operator of this notebook server has the settings of `acme`",
            ) from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise errors.ToolError(
                f"acme did not answer as it should: {error}", hint="try again in a while"
            ) from error


def parts(path: Path, tell: Tell) -> Iterator[bytes]:
    """The zip bit by bit, and how much of it is sent."""
    size, sent = path.stat().st_size, 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
            sent += len(chunk)
            tell("Sending the app", 0.5 + sent / size / 2)
    tell("acme starts the app", None)


def said(error: urllib.error.HTTPError) -> str:
    """The host's own words, if it has any."""
    try:
        return str(json.loads(error.read())["message"])
    except (ValueError, KeyError, TypeError, OSError):
        return f"{error.code} {error.reason}"


def secret(path: str) -> str:
    """What a file with a secret holds at this moment."""
    try:
        return Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeError) as error:
        raise errors.ToolError(
            f"`{path}` cannot be read: {type(error).__name__}",
            hint="the operator of this notebook server has the settings of `acme`",
        ) from error
