"""The deploy API: what programs are answered, and what is published of it."""

import errno

import pytest
from deployapi import (
    TOKEN,
    NoGateway,
    ask,
    edition,
    fails,
    get,
    no_memory,
    post,
    unreachable,
    upload,
)

from dashops.services.dashboard import store
from dashops.services.dashboard.gate import Verdict


@pytest.fixture
def dashboards(tmp_path):
    return store.Store(tmp_path)


@pytest.fixture
def full_disk(tmp_path):
    class FullDisk(store.Store):
        def add(self, *_, **__):
            raise OSError(errno.ENOSPC, "No space left on device")

    return FullDisk(tmp_path)


def test_an_upload_answers_with_the_link_then_says_replaced_and_unchanged(dashboards):
    first, second = ask(dashboards, upload(), upload())
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["link"].endswith("/dashboards/sales")
    assert second.json()["replaced"] and second.json()["unchanged"]


def test_a_notebook_that_names_no_kernel_gets_the_gateways_default(dashboards):
    ask(dashboards, upload())
    assert dashboards.active("sales").kernel == "python3"


def test_a_full_disk_is_said(full_disk):
    (answer,) = ask(full_disk, upload())
    assert answer.status_code == 507
    assert "No space left" in answer.json()["message"] and answer.json()["hint"]


def test_without_a_gateway_nothing_is_published(dashboards):
    (answer,) = ask(dashboards, upload(), at=NoGateway())
    assert (answer.status_code, answer.json()["message"]) == (503, "no gateway can run it")
    assert dashboards.all() == []


def test_a_body_over_the_limit_is_refused_whether_announced_or_not(dashboards):
    async def unannounced():
        for _ in range(5):
            yield b"x" * 1000

    chunked = ("POST", "/_api/notebooks/sales"), {"content": unannounced(), "headers": TOKEN}
    for answer in ask(dashboards, upload(data=b"x" * 5000), chunked):
        assert answer.status_code == 413
        assert "limit" in answer.json()["message"]


def test_the_token_is_asked_for_first(dashboards):
    wrong = {"Authorization": "token wrong"}
    requests = [upload(headers=wrong, data=b"x" * 5000), (("GET", "/_api/notebooks"), {})]
    assert [answer.status_code for answer in ask(dashboards, *requests)] == [401, 401]


def test_a_multipart_without_the_field_is_explained(dashboards):
    other = upload()
    other[1]["files"] = {"notebook": ("x", b"{}")}
    (answer,) = ask(dashboards, other)
    assert answer.status_code == 400
    assert "`file`" in answer.json()["message"]


def test_removing_what_is_not_there_is_404(dashboards):
    (answer,) = ask(dashboards, (("DELETE", "/_api/notebooks/sales"), {"headers": TOKEN}))
    assert answer.status_code == 404
    assert "sales" in answer.json()["message"]


def test_a_notebook_that_fails_is_not_published_and_the_author_learns_why(dashboards):
    ask(dashboards, upload())
    failed, shown, history_ = ask(
        dashboards,
        upload(data=edition(1)),
        get("notebooks/sales"),
        get("notebooks/sales/revisions"),
        gate=fails,
    )
    assert failed.status_code == 422
    assert failed.json()["message"] == "cell 2 failed: E: x"
    assert failed.json()["hint"] == "viewers still see revision 1"
    assert failed.json()["failure"]["source"] == "1"
    assert shown.json()["revision"] == 1
    assert [each["state"] for each in history_.json()["revisions"]] == ["failed", "active"]


def test_a_first_notebook_that_fails_publishes_nothing(dashboards):
    failed, shown = ask(dashboards, upload(), get("notebooks/sales"), gate=fails)
    assert failed.json()["hint"] == "nothing was published"
    assert shown.status_code == 404


def test_a_gateway_that_dies_during_the_run_leaves_no_trace(dashboards):
    answer, known = ask(dashboards, upload(), get("notebooks/sales/revisions"), gate=unreachable)
    assert (answer.status_code, known.status_code) == (503, 404)


def test_without_memory_for_its_run_nothing_is_published_and_the_author_may_try_again(dashboards):
    answer, known = ask(dashboards, upload(), get("notebooks/sales/revisions"), gate=no_memory)
    assert (answer.status_code, known.status_code) == (503, 404)
    assert "no memory" in answer.json()["message"] and "dashops top" in answer.json()["hint"]


def test_rolling_back_and_forth(dashboards):
    first, second, back, forth, third = ask(
        dashboards,
        upload(),
        upload(data=edition(1)),
        post("notebooks/sales/rollback"),
        post("notebooks/sales/rollback", 2),
        post("notebooks/sales/rollback", 3),
    )
    assert (first.json()["revision"], second.json()["revision"]) == (1, 2)
    assert (back.json()["previous"], back.json()["revision"]) == (2, 1)
    assert forth.json()["revision"] == 2
    assert third.status_code == 404
    assert dashboards.active("sales").number == 2


def test_a_failed_revision_cannot_be_rolled_back_to(dashboards):
    ask(dashboards, upload())
    ask(dashboards, upload(data=edition(1)), gate=fails)
    nothing, failed = ask(
        dashboards, post("notebooks/sales/rollback"), post("notebooks/sales/rollback", 2)
    )
    assert (nothing.status_code, failed.status_code) == (409, 409)
    assert "did not pass" in failed.json()["message"]


def test_author_commit_and_files_of_a_revision_are_shown(dashboards):
    told = upload(fields={"author": "Alice", "commit": "abc"})
    _, shown, missing = ask(
        dashboards, told, get("notebooks/sales/revisions/1"), get("notebooks/sales/revisions/9")
    )
    assert (shown.json()["author"], shown.json()["commit"]) == ("Alice", "abc")
    assert [each["path"] for each in shown.json()["files"]] == ["index.ipynb"]
    assert missing.status_code == 404


def test_revisions_have_pictures_and_say_who_may_view(dashboards):
    async def draws(_revision, _tell):
        return Verdict(None, thumbnail=b"a picture")

    _, known, picture, none, stranger = ask(
        dashboards,
        upload(),
        get("notebooks/sales/revisions"),
        get("notebooks/sales/revisions/1/thumbnail"),
        get("notebooks/sales/revisions/2/thumbnail"),
        (("GET", "/_api/notebooks/sales/revisions/1/thumbnail"), {}),
        gate=draws,
    )
    assert known.json()["access"]["grants"] == [{"kind": "signed-in", "value": ""}]
    assert known.json()["access"]["default"] is True
    assert known.json()["link"].endswith("/dashboards/sales")
    assert (picture.content, picture.headers["Content-Type"]) == (b"a picture", "image/png")
    assert (none.status_code, stranger.status_code) == (404, 401)


def test_a_revision_that_was_not_drawn_has_no_picture(dashboards):
    _, picture = ask(dashboards, upload(), get("notebooks/sales/revisions/1/thumbnail"))
    assert picture.status_code == 404
    assert "no picture" in picture.json()["message"]
