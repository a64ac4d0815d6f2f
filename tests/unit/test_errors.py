import pytest

from dashops import errors


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.DashopsError, 1),
        (errors.SpecError, 2),
        (errors.ToolError, 3),
        (errors.ChecksFailed, 4),
    ],
)
def test_each_error_has_its_exit_code(kind: type[errors.DashopsError], code: int) -> None:
    assert kind("it failed").exit_code == code


def test_an_error_carries_message_hint_and_place() -> None:
    error = errors.SpecError("unknown key", hint="did you mean `port`?", where="dashops.yaml:1:1")
    assert str(error) == error.message == "unknown key"
    assert (error.hint, error.where) == ("did you mean `port`?", "dashops.yaml:1:1")


def test_hint_and_place_may_be_absent() -> None:
    error = errors.ToolError("it failed")
    assert (error.hint, error.where) == ("", "")
