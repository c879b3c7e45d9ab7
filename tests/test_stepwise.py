"""Work that yields its steps and returns its result."""

from resnet_studio.stepwise import map_steps, result_of


def work():
    yield 1
    yield 2
    return "done"


def test_the_result_comes_at_the_end_and_each_step_is_reported():
    seen = []
    assert result_of(work(), seen.append) == "done" and seen == [1, 2]
    assert result_of(work()) == "done"


def test_steps_are_converted_and_the_result_is_passed_on():
    seen = []
    assert result_of(map_steps(work(), lambda step: step * 10), seen.append) == "done" and seen == [10, 20]
