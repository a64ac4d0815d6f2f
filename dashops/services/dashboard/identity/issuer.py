"""What an OpenID Connect provider answers: where it is, its keys, tokens; it judges no token."""

import base64
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from tornado import httpclient

from dashops.services.dashboard.identity.provider import Refused

FRESH = 3600  # seconds after which its description is asked for again
PAUSE = 30  # seconds between two looks for a key it did not have
PATIENCE = 10  # seconds to wait for an answer
LOOPBACK = ("localhost", "127.0.0.1", "::1")
SILENT = "The server where people log in does not answer: please try again later"

Result = TypeVar("Result")


class Issuer:
    """One provider; ``name`` is its issuer identifier. Every method raises Refused."""

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self._clock = clock
        self._described: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._asked = self._looked = float("-inf")

    async def endpoint(self, which: str) -> str:
        """An address of the provider, which is on TLS or on this machine."""
        found = (await self._description()).get(which)
        if not isinstance(found, str) or not _private(found):
            raise Refused(SILENT, f"the provider has no usable `{which}`")
        return found

    async def says_its_name(self) -> bool:
        """Whether it names itself whenever it sends somebody back."""
        described = await self._description()
        return described.get("authorization_response_iss_parameter_supported") is True

    async def tokens(self, sent: Mapping[str, str], client: str, secret: str) -> dict[str, Any]:
        """What it gives for a code."""
        address = await self.endpoint("token_endpoint")
        methods = (await self._description()).get("token_endpoint_auth_methods_supported")
        body, headers = dict(sent), {"Content-Type": "application/x-www-form-urlencoded"}
        basic = not isinstance(methods, list) or "client_secret_basic" in methods
        if secret and basic:
            pair = f"{quote(client, safe='')}:{quote(secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            body["client_id"] = client
            if secret:
                body["client_secret"] = secret
        return await _fetch(address, method="POST", body=urlencode(body), headers=headers)

    async def about(self, access: str) -> dict[str, Any] | None:
        """What it tells about the owner of an access token, None if it has no place for that."""
        if not (await self._description()).get("userinfo_endpoint"):
            return None
        address = await self.endpoint("userinfo_endpoint")
        return await _fetch(address, headers={"Authorization": f"Bearer {access}"})

    async def verified(self, work: Callable[[KeySet], Result]) -> Result:
        """The result of that with the provider's keys, which are fetched anew if they do not fit.

        Raises what ``work`` raises if the new ones do not fit either.
        """
        fresh = self._keys is None
        keys = self._keys or await self._fetched_keys()
        try:
            return work(keys)
        except (JoseError, ValueError):
            # It may have changed its keys; but nobody makes us ask at every wrong token.
            if fresh or self._clock() - self._looked < PAUSE:
                raise
        return work(await self._fetched_keys())

    async def _fetched_keys(self) -> KeySet:
        self._looked = self._clock()
        found = await _fetch(await self.endpoint("jwks_uri"))
        try:
            self._keys = KeySet.import_key_set(found)  # type: ignore[arg-type]
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise Refused(SILENT, f"the provider's keys cannot be read: {error}") from error
        return self._keys

    async def _description(self) -> dict[str, Any]:
        if self._clock() - self._asked > FRESH:
            url = f"{self.name.rstrip('/')}/.well-known/openid-configuration"
            try:
                found = await _fetch(url)
                if found.get("issuer") != self.name:
                    raise Refused(SILENT, f"{url} is of the issuer {found.get('issuer')!r}")
            except Refused:
                if not self._described:
                    raise
                return self._described  # what it said an hour ago, until it answers again
            self._described, self._asked = found, self._clock()
        return self._described


def _private(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


async def _fetch(url: str, **request: Any) -> dict[str, Any]:
    """The JSON object there."""
    if not _private(url):
        raise Refused(SILENT, f"{url} is not on TLS")
    client = httpclient.AsyncHTTPClient()
    try:
        answer = await client.fetch(
            url, follow_redirects=False, request_timeout=PATIENCE, **request
        )
        found = json.loads(answer.body)
    except httpclient.HTTPClientError as error:
        said = error.response.body[:300].decode("utf-8", "replace") if error.response else ""
        raise Refused(SILENT, f"{url}: {error} {said}".strip()) from error
    except (OSError, ValueError) as error:
        raise Refused(SILENT, f"{url}: {error}") from error
    if not isinstance(found, dict):
        raise Refused(SILENT, f"{url} gives no JSON object")
    return found
