"""The deploy API with wrong, hostile or oversized input: a clear refusal, and nothing changes."""

import io
import json
import zipfile

import httpx
import pytest
from badframes import ALWAYS
from baduploads import LIMIT, UPLOADS
from hypothesis import given, settings
from live import Live, notebook

from dashops import bundle, errors

NAME = "deployed"


@pytest.fixture(scope="module", autouse=True)
def deployed(live: Live) -> str:
    live.deploy(NAME, "print('good')")
    return str(live.api("GET", f"/_api/notebooks/{NAME}").json()["digest"])


@pytest.fixture(autouse=True)
def unharmed(live: Live, deployed: str) -> object:
    yield
    assert live.api("GET", f"/_api/notebooks/{NAME}").json()["digest"] == deployed


def upload(live: Live, data: bytes, name: str = NAME) -> httpx.Response:
    return live.api("POST", f"/_api/notebooks/{name}", files={"file": ("x", data)})


def archive(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, content in files.items():
            made.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize("token", ["wrong", None])
def test_a_wrong_token_deploys_nothing(live: Live, token: str | None) -> None:
    headers = {} if token is None else {"Authorization": f"token {token}"}
    url = f"{live.url}/_api/notebooks/{NAME}"
    files = {"file": ("x", json.dumps(notebook("print('evil')")).encode())}
    assert httpx.post(url, headers=headers, files=files).status_code == 401
    assert httpx.delete(url, headers=headers).status_code == 401
    assert httpx.get(url, headers=headers).status_code == 401


def test_a_viewer_is_no_author(live: Live) -> None:
    bob = live.viewer()
    files = {"file": ("x", json.dumps(notebook("print('evil')")).encode())}
    xsrf = {"X-XSRFToken": bob.http.cookies["_xsrf"]}
    answer = bob.http.post(f"/_api/notebooks/{NAME}", files=files, headers=xsrf)
    assert answer.status_code == 401
    assert bob.http.get("/_api/status").status_code == 401


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "notebook"),
        (b"hello", "notebook"),
        (b'{"nbformat": 9, "nbformat_minor": 0, "metadata": {}, "cells": []}', "9"),
        (archive(other="x"), "index.ipynb"),
        (archive(**{"index.ipynb": "{}", "../evil": "x"}), ".."),
    ],
)
def test_what_is_no_notebook_is_refused_with_a_reason(live: Live, data: bytes, words: str) -> None:
    answer = upload(live, data)
    assert answer.status_code == 400
    assert words in answer.json()["message"] + answer.json()["hint"]


def test_a_kernel_the_gateway_lacks_is_refused_naming_those_it_has(live: Live) -> None:
    book = notebook("1", kernelspec={"name": "fortran", "display_name": "F", "language": "f"})
    answer = upload(live, json.dumps(book).encode())
    assert answer.status_code == 400
    assert "fortran" in answer.json()["message"] and "python3" in answer.json()["hint"]


@pytest.mark.parametrize("name", ["UPPER", "a%2Fb", "a b", "ümlaut", "%2E%2E", "a" * 64, "%00"])
def test_odd_names_are_refused(live: Live, name: str) -> None:
    assert upload(live, json.dumps(notebook("1")).encode(), name).status_code in (400, 404)


def test_a_200_mb_upload_is_refused_in_words(live: Live) -> None:
    answer = upload(live, b"x" * 200 * 2**20)
    assert answer.status_code == 413
    assert "limit" in answer.json()["message"]


def test_reading_an_address_never_deploys(live: Live) -> None:
    assert live.api("GET", "/_api/notebooks/never").status_code == 404
    assert live.api("PUT", f"/_api/notebooks/{NAME}").status_code == 405


@pytest.mark.filterwarnings("ignore:Duplicate name")
@settings(ALWAYS, max_examples=60)
@given(UPLOADS)
def test_a_sample_of_fuzzed_uploads_is_answered_in_words(live: Live, data: bytes) -> None:
    try:
        bundle.portable(bundle.unpack(data, LIMIT))
    except errors.SpecError:
        answer = upload(live, data)
        assert answer.status_code == 400 and answer.json()["message"], answer.text
        assert "Traceback" not in answer.text
