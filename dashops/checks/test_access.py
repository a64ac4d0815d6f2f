"""Who is let in, and who is not."""

from collections.abc import Mapping

from dashops.checks import web
from dashops.secrets import Secret
from dashops.stack import Stack
from dashops.targets import Target

WRONG = "not-the-token"
REFUSED = (401, 403)


def test_gateway_refuses(stack: Stack, target: Target) -> None:
    """gateway refuses whoever has no token"""
    _refuses(f"{target.url(stack, 'gateway')}/api/kernels", REFUSED)


def test_gateway_lets_in(stack: Stack, target: Target, secrets: Mapping[str, Secret]) -> None:
    """gateway answers whoever has its token"""
    _answers(f"{target.url(stack, 'gateway')}/api/kernels", secrets["gateway-token"])


def test_notebook_refuses(stack: Stack) -> None:
    """notebook server refuses whoever has no token"""
    _refuses(f"{stack.url('notebook')}/api/contents", REFUSED)
    answer = web.Visitor().get(f"{stack.url('notebook')}/lab")
    assert "/login" in answer.location, f"`/lab` answers {answer.status}, not with the login"


def test_notebook_lets_in(stack: Stack, secrets: Mapping[str, Secret]) -> None:
    """notebook server answers whoever has its token"""
    _answers(f"{stack.url('notebook')}/api/contents", secrets["notebook-token"])


def test_login(stack: Stack) -> None:
    """dashboard server sends whoever is not logged in to the login"""
    for path in ("/", "/dashboards/any/", "/dashboards-plain/any/"):
        answer = web.Visitor().get(f"{stack.url('dashboard')}{path}")
        assert answer.location.startswith("/login"), (
            f"`{path}` answers {answer.status}, not with the login"
        )


def test_deploy_refuses(stack: Stack) -> None:
    """deploy API refuses whoever has no token"""
    _refuses(f"{stack.url('dashboard')}/_api/notebooks", (401,))
    answer = web.Visitor().post(f"{stack.url('dashboard')}/_api/notebooks/any", {})
    assert answer.status == 401, f"an upload without a token is answered {answer.status}"


def test_deploy_lets_in(stack: Stack, secrets: Mapping[str, Secret]) -> None:
    """deploy API answers whoever has its token"""
    _answers(f"{stack.url('dashboard')}/_api/notebooks", secrets["deploy-token"])


def test_administration_refuses(stack: Stack, secrets: Mapping[str, Secret]) -> None:
    """administration refuses whoever may only deploy"""
    url = f"{stack.url('dashboard')}/_api/tokens"
    status = web.Visitor().get(url, secrets["deploy-token"].reveal()).status
    assert status == 403, f"`{url}` answers {status} to the deploy token"


def test_administration_lets_in(stack: Stack, secrets: Mapping[str, Secret]) -> None:
    """administration answers whoever has its token"""
    _answers(f"{stack.url('dashboard')}/_api/tokens", secrets["admin-token"])


def _refuses(url: str, codes: tuple[int, ...]) -> None:
    for token, words in (("", "no token"), (WRONG, "a wrong token")):
        status = web.Visitor().get(url, token).status
        assert status in codes, f"`{url}` answers {status} to {words}"


def _answers(url: str, token: Secret) -> None:
    status = web.Visitor().get(url, token.reveal()).status
    assert status == 200, f"`{url}` answers {status} to the right token"
