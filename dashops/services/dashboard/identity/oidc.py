"""People whom an OpenID Connect provider vouches for: code flow with PKCE; it keeps no token."""

import hmac
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError

from dashops.services.dashboard import config
from dashops.services.dashboard.identity import issuer
from dashops.services.dashboard.identity.provider import Means, Person, Refused

# Signed with the provider's own key: never with `none`, never with a secret of ours.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
LEEWAY = 60  # seconds that two clocks may differ
AGAIN = "That login is not valid any more: please log in again"


class Oidc:
    """Sends people to the provider and judges what they bring back."""

    def __init__(self, means: Means) -> None:
        named = means.settings.identity
        self._client = named.oidc_client_id
        file = named.oidc_client_secret_file
        self._secret = config.secret(Path(file)) if file else ""
        self._scopes = " ".join(dict.fromkeys(("openid", *named.oidc_scopes)))
        self._name, self._groups = named.oidc_name_claim, named.oidc_groups_claim
        self._issuer = issuer.Issuer(named.oidc_issuer)

    async def begin(self, back: str) -> tuple[str, dict[str, str]]:
        """The provider's address for this browser, and the secrets that bind the two."""
        known = {key: secrets.token_urlsafe(32) for key in ("state", "nonce", "verifier")}
        asked = {
            "response_type": "code",
            "client_id": self._client,
            "redirect_uri": back,
            "scope": self._scopes,
            "state": known["state"],
            "nonce": known["nonce"],
            "code_challenge": create_s256_code_challenge(known["verifier"]),
            "code_challenge_method": "S256",
        }
        address = await self._issuer.endpoint("authorization_endpoint")
        return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}", known

    async def finish(
        self, back: str, arguments: Mapping[str, str], known: Mapping[str, str]
    ) -> Person:
        """Who came back; whatever does not fit is refused."""
        state = arguments.get("state", "")
        if not hmac.compare_digest(state.encode(), known["state"].encode()):
            raise Refused(AGAIN, "another state came back")
        # RFC 9207: with it nobody can make us take another provider's answer for this one's.
        given = "" if await self._issuer.says_its_name() else self._issuer.name
        if arguments.get("iss", given) != self._issuer.name:
            raise Refused(AGAIN, f"it came back from {arguments.get('iss')!r}")
        if error := arguments.get("error"):
            said = f"{error}: {arguments.get('error_description', '')}"
            raise Refused("The login was refused where you logged in", said)
        if not (code := arguments.get("code")):
            raise Refused(AGAIN, "no code came back")
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": known["verifier"],
        }
        tokens = await self._issuer.tokens(sent, self._client, self._secret)
        claims = await self._judged(tokens, known["nonce"])
        return self._person(await self._completed(claims, tokens))

    async def _judged(self, tokens: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        text = tokens.get("id_token")
        if not isinstance(text, str):
            raise Refused(AGAIN, "there is no id_token")
        try:
            token = await self._issuer.verified(
                lambda keys: jwt.decode(text, keys, algorithms=ALGORITHMS)
            )
            wanted = {
                "iss": {"essential": True, "value": self._issuer.name},
                "aud": {"essential": True, "value": self._client},
                "nonce": {"essential": True, "value": nonce},
            }
            params = {"nonce": nonce, "client_id": self._client}
            if isinstance(access := tokens.get("access_token"), str):
                params["access_token"] = access
            claims = CodeIDToken(token.claims, token.header, options=wanted, params=params)
            claims.validate(leeway=LEEWAY)
        except (JoseError, ValueError, TypeError) as error:
            raise Refused(AGAIN, f"the id_token is not valid: {error}") from error
        return dict(token.claims)

    async def _completed(self, claims: dict[str, Any], tokens: Mapping[str, Any]) -> dict[str, Any]:
        """The claims, with those that the provider only tells when it is asked."""
        missing = {self._name, self._groups} - {""} - claims.keys()
        access = tokens.get("access_token")
        if not missing or not isinstance(access, str):
            return claims
        told = await self._issuer.about(access)
        if told is None:
            return claims
        if told.get("sub") != claims["sub"]:
            raise Refused(AGAIN, "the userinfo is of somebody else")
        return {**told, **claims}

    def _person(self, claims: Mapping[str, Any]) -> Person:
        name = claims.get(self._name)
        if not isinstance(name, str) or not name:
            raise Refused(
                "Your account has no name that can be used here",
                f"there is no claim `{self._name}`, only {', '.join(sorted(claims))}",
            )
        # With some providers everybody may call himself by any address that nobody checked.
        if self._name == "email" and claims.get("email_verified") is not True:
            raise Refused("Your e-mail address is not verified where you logged in")
        found = claims.get(self._groups) if self._groups else None
        groups = [found] if isinstance(found, str) else found if isinstance(found, list) else []
        display = claims.get("name")
        return Person(
            name,
            display if isinstance(display, str) else name,
            frozenset(each for each in groups if isinstance(each, str)),
        )
