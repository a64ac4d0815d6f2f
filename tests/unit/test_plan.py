"""Plans: what differs, in which way, and digests one can rely on."""

from dashops import plan
from dashops.plan import Plan, Step


def test_changes_name_what_is_created_updated_and_deleted() -> None:
    have = {"same": "1\n", "old": "1\n", "edited": "a\nb\n"}
    want = {"same": "1\n", "new": "1\n", "edited": "a\nc\n"}
    found = {change.path: change for change in plan.changes(have, want)}
    assert {path: change.kind for path, change in found.items()} == {
        "edited": "update",
        "new": "create",
        "old": "delete",
    }
    assert "-b\n+c" in found["edited"].diff


def test_digest_depends_on_paths_and_texts_but_not_on_order() -> None:
    files = {"a": "1", "b": "2"}
    assert plan.digest(files) == plan.digest(dict(reversed(files.items())))
    others = [{"a": "1"}, {"a": "1", "b": "3"}, {"a": "12", "b": ""}, {"ab": "1", "": "2"}, {}]
    assert len({plan.digest(each) for each in [files, *others]}) == 6


def test_a_plan_is_empty_only_without_files_and_steps() -> None:
    step = Step("gateway", "start", "start", "not running", ("true",))
    assert Plan().empty
    assert not Plan(tidy=(step,)).empty
    assert not Plan(steps=(step,)).empty
