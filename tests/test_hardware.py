"""What a machine computes with."""

import torch

from resnet_studio.training import hardware
from resnet_studio.training.hardware import Compute


def test_the_fastest_of_the_candidates_is_chosen(monkeypatch):
    slow, quick = Compute("fp32", 1), Compute("bf16", 1)
    monkeypatch.setattr(hardware, "_seconds", lambda compute, *_: 0.02 if compute == slow else 0.01)
    assert hardware.fastest([slow, quick]) == quick
    assert hardware.fastest([quick, slow]) == quick
    assert hardware.fastest([slow]) == slow


def test_who_is_far_behind_is_not_tried_again(monkeypatch):
    slow, quick, tries = Compute("fp32", 1), Compute("bf16", 1), []
    monkeypatch.setattr(
        hardware, "_seconds", lambda compute, *_: tries.append(compute) or (1.0 if compute == slow else 0.1)
    )
    hardware.fastest([slow, quick])
    assert tries.count(slow) == 4


def test_threads_are_thought_over_again_and_precision_is_not(monkeypatch):
    monkeypatch.setattr(hardware, "most_threads", lambda: 4)
    monkeypatch.setattr(hardware, "_seconds", lambda compute, *_: 0.1 / (1 + (compute.threads == 2)))
    before = torch.get_num_threads()
    try:
        assert hardware.rethought(Compute("bf16", 4, True)) == Compute("bf16", 2, True)
        assert hardware.rethought(Compute("bf16")) == Compute("bf16")  # a GPU has no threads to think over
    finally:
        torch.set_num_threads(before)


def test_an_asked_for_precision_is_kept():
    for precision in ("fp32", "bf16"):
        assert hardware.choose_compute(precision, torch.device("cpu")).precision == precision
