"""Old names of the Python interface: they still work, and say what they are called now."""

from __future__ import annotations

import inspect

import pytest

from resnet_studio import api
from resnet_studio.deprecation import renamed_keyword
from resnet_studio.errors import RunError


@renamed_keyword("told", "on_event")
def call(count: int, *, on_event: str = "") -> tuple[int, str]:
    """What it was called with."""
    return count, on_event


def test_the_new_name_works_without_a_warning() -> None:
    assert call(1, on_event="x") == (1, "x") and call(2) == (2, "")


def test_the_old_name_works_with_a_warning_that_names_the_new_one() -> None:
    with pytest.warns(DeprecationWarning, match="'told' of call.. is now called 'on_event'"):
        assert call(1, told="x") == (1, "x")  # type: ignore[call-arg]


def test_both_names_at_once_are_refused() -> None:
    with pytest.raises(TypeError, match="both 'on_event' and its old name 'told'"):
        call(1, on_event="x", told="y")  # type: ignore[call-arg]


@pytest.mark.parametrize("function", [api.train, api.resume, api.repeat, api.find_learning_rate])
def test_every_function_that_had_the_old_name_takes_both(function, workspace) -> None:  # type: ignore[no-untyped-def]
    assert "on_event" in inspect.signature(function).parameters
    given = ("none",) if function is api.resume else (None,)
    kind = RunError if function is api.resume else Exception
    with pytest.warns(DeprecationWarning, match="on_event"), pytest.raises(kind) as caught:
        function(*given, workspace=workspace, told=print)
    assert "told" not in str(caught.value)
