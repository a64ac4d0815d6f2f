"""What engines, pip, uv and apt print when a build fails, and what an operator is told then."""

from dataclasses import replace
from pathlib import Path

import pytest
from containers import FRESH

from dashops import apply, errors, stack
from dashops.run import Fake, Result
from dashops.stack import Stack
from dashops.targets import compose

BASE = "images: {base: debian}\n"
PIP = """\
WARNING: Retrying (Retry(total=4, connect=None, read=None, redirect=None, status=None)) after \
connection broken by 'SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] \
certificate verify failed: self-signed certificate in certificate chain'))': /simple/uv/
ERROR: Could not find a version that satisfies the requirement uv>=0.9 (from versions: none)
ERROR: No matching distribution found for uv>=0.9
"""
UNTRUSTED = "images do not trust the certificate of PyPI"
# What was printed, the message, and the line of the stack file that matters, 0 for none.
SAID = {
    "/bin/sh: 1: python3: not found": ("`debian` has no Python", 1),
    'unable to start container process: exec: "/bin/sh": stat /bin/sh: no such file or directory': (
        "`debian` has no shell",
        1,
    ),
    "dashops needs Python 3.11, and this is 3.9": ("the Python of `debian` is 3.9", 1),
    "/opt/uv/bin/python3: No module named ensurepip": ("`python3-venv` is missing", 1),
    "/bin/sh: 1: apt-get: not found": ("`debian` is no Debian", 1),
    "exec /bin/sh: exec format error": ("`debian` is for another architecture", 1),
    "no matching manifest for linux/arm64 in the manifest list": (
        "there is no `debian` for `linux/arm64`",
        1,
    ),
    "pull access denied for debian, repository does not exist or may require 'docker login'": (
        "there is no image `debian`, or it may not be fetched",
        1,
    ),
    "failed to resolve source metadata for docker.io/library/debian: not found": (
        "there is no image `debian`, or it may not be fetched",
        1,
    ),
    'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host': (
        "`debian` is not here, and its registry does not answer",
        1,
    ),
    'Get "https://r.example.com/v2/": x509: certificate signed by unknown authority': (
        "the engine does not trust the certificate of the registry",
        1,
    ),
    "write /.dockerignore: no space left on device": ("the disk of the Docker Engine is full", 0),
    "OSError: [Errno 28] No space left on device": ("the disk of the Docker Engine is full", 0),
    PIP: (UNTRUSTED, 2),
    "after connection broken by 'ProxyError('Cannot connect to proxy.', OSError('Tunnel connection "
    "failed: 407 Proxy Authentication Required'))': /simple/uv/": (
        "the way to PyPI through a proxy does not work: Tunnel connection failed: 407",
        2,
    ),
    "invalid peer certificate: UnknownIssuer": (UNTRUSTED, 2),
    "NewConnectionError: [Errno -3] Temporary failure in name resolution": (
        "the build does not reach PyPI",
        2,
    ),
    "ERROR: No matching distribution found for uv>=0.9": ("PyPI has no `uv>=0.9`", 2),
    "  x No solution found when resolving dependencies:": (
        "there are no versions of the packages that fit together",
        2,
    ),
    "E: Unable to locate package tinny": ("Debian packages of the image are not all there", 2),
}


def read(text: str = BASE) -> Stack:
    return stack.parse(text, Path("/srv/demo/dashops.yaml"), {})


def failed(wanted: Stack, said: str) -> errors.DashopsError:
    """What an `up` raises whose first build prints this."""
    files = compose.files(wanted, FRESH)
    steps = [each for each in compose.up(wanted, FRESH, files) if each.action == "build image"]
    # Builders print the command that failed, too.
    told = f"{files['images/gateway.Dockerfile']}\n{said}"
    run = Fake({"docker compose": Result(("docker", "compose"), 1, "", told)})
    with pytest.raises(errors.DashopsError) as caught:
        apply.steps(steps[:1], run, lambda _: None, ())
    return caught.value


@pytest.mark.parametrize("said", SAID)
def test_a_build_that_fails_names_the_setting(said: str) -> None:
    message, line = SAID[said]
    error = failed(read(), said)
    assert message in error.message and error.hint and error.exit_code == 3
    place = {
        0: "",
        1: "/srv/demo/dashops.yaml:1\n",
        2: "/srv/demo/dashops.yaml: `",
    }[line]
    assert error.where.startswith(place)
    assert said.splitlines()[-1] in error.where


def test_what_nobody_foresaw_keeps_its_hint() -> None:
    error = failed(read(), "the moon is full")
    assert "failed with code 1" in error.message and "see `images.base`" in error.hint


def test_an_authority_that_is_the_wrong_one_is_said_to_be_that(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    text = "environment: {certificates: ca.pem}\n"
    error = failed(stack.parse(text, tmp_path / "dashops.yaml", {}), PIP)
    assert error.message.startswith("no authority in `environment.certificates` is that")
    assert error.where.splitlines()[0].endswith("dashops.yaml:1")


def test_a_base_for_another_machine_is_refused_before_anything_is_built() -> None:
    facts = replace(FRESH, architecture="amd64", base="arm64")
    wanted = read()
    with pytest.raises(errors.SpecError, match="`debian` is for `arm64`") as caught:
        tuple(compose.up(wanted, facts, compose.files(wanted, facts)))
    assert caught.value.where.endswith("dashops.yaml:1")
    assert "docker pull --platform linux/amd64 debian" in caught.value.hint


@pytest.mark.parametrize(("ours", "base"), [("amd64", ""), ("amd64", "386"), ("", "arm64")])
def test_a_base_that_may_run_is_not_refused(ours: str, base: str) -> None:
    facts = replace(FRESH, architecture=ours, base=base)
    assert tuple(compose.up(read(), facts, compose.files(read(), facts)))
