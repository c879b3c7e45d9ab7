"""What a machine computes with."""

import json
import subprocess
import sys

import pytest
import torch

from resnet_studio.model import device
from resnet_studio.training import batches, hardware
from resnet_studio.training.hardware import Compute


def test_the_fastest_of_the_candidates_is_chosen(monkeypatch):
    slow, quick = Compute("fp32", 1), Compute("bf16", 1)
    monkeypatch.setattr(hardware, "seconds_for", lambda compute, *_: 0.02 if compute == slow else 0.01)
    assert hardware.fastest([slow, quick]) == quick
    assert hardware.fastest([quick, slow]) == quick
    assert hardware.fastest([slow]) == slow


def test_who_is_far_behind_is_not_tried_again(monkeypatch):
    slow, quick, tries = Compute("fp32", 1), Compute("bf16", 1), []
    monkeypatch.setattr(
        hardware, "seconds_for", lambda compute, *_: tries.append(compute) or (1.0 if compute == slow else 0.1)
    )
    hardware.fastest([slow, quick])
    assert tries.count(slow) == 4


def test_who_would_have_to_be_clearly_faster_and_is_slower_is_not_tried_again(monkeypatch):
    first, other, tries = Compute("fp32", 2), Compute("fp32", 1), []
    monkeypatch.setattr(
        hardware, "seconds_for", lambda compute, *_: tries.append(compute) or (1.3 if compute == other else 1.0)
    )
    assert hardware.fastest([first, other], rounds=4, clearly=1.2) == first
    assert tries.count(other) == 4
    tries.clear()
    assert hardware.fastest([first, other], rounds=4) == first
    assert tries.count(other) == 16


def test_who_was_held_up_by_others_most_of_the_time_counts_by_the_tries_that_were_not(monkeypatch):
    first, other = Compute("fp32", 2), Compute("fp32", 1)
    held_up = {first: iter([9.0, 2.0, 1.0, 2.0] * 4), other: iter([9.0, 1.3, 1.3, 1.3] * 4)}
    monkeypatch.setattr(hardware, "seconds_for", lambda compute, *_: next(held_up[compute]))
    assert hardware.fastest([first, other], rounds=4, clearly=1.2) == first


def test_threads_are_thought_over_again_and_precision_is_not(monkeypatch):
    monkeypatch.setattr(hardware, "most_threads", lambda: 4)
    monkeypatch.setattr(hardware, "seconds_for", lambda compute, *_: 0.1 / (1 + (compute.threads == 2)))
    before = torch.get_num_threads()
    try:
        assert hardware.choose_threads(Compute("bf16", 4, True)) == Compute("bf16", 2, True)
        assert hardware.choose_threads(Compute("bf16")) == Compute("bf16")  # a GPU has no threads to think over
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(("gain", "threads"), [(1.1, 4), (1.3, 2)])
def test_fewer_threads_are_taken_only_where_they_are_clearly_faster(monkeypatch, gain, threads):
    monkeypatch.setattr(hardware, "most_threads", lambda: 4)
    monkeypatch.setattr(hardware, "seconds_for", lambda compute, *_: 1.0 / (gain if compute.threads == 2 else 1))
    before = torch.get_num_threads()
    try:
        assert hardware.choose_threads(Compute("bf16", 1)).threads == threads
    finally:
        torch.set_num_threads(before)


@pytest.mark.slow
def test_an_asked_for_precision_is_kept():
    for precision in ("fp32", "bf16"):
        assert hardware.choose_compute(precision, torch.device("cpu")).precision == precision


def test_a_card_that_this_pytorch_has_no_kernels_for_is_not_taken(monkeypatch):
    zeros = torch.zeros

    def no_kernel(*size, device="cpu"):
        if device == "cuda":
            raise RuntimeError("CUDA error: no kernel image is available for execution on the device")
        return zeros(*size, device=device)

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch, "zeros", no_kernel)
    device.cuda_works.cache_clear()
    try:
        assert device.choose_device("auto") == torch.device("cpu")
    finally:
        device.cuda_works.cache_clear()


def test_networks_compute_with_channels_last_but_not_on_metal():
    assert device.layout(torch.device("mps")) is torch.contiguous_format
    assert {device.layout(torch.device(name)) for name in ("cpu", "cuda")} == {torch.channels_last}


def test_what_does_not_fit_onto_the_device_stays_where_it_is(monkeypatch):
    pixels, metal = torch.zeros(1000, dtype=torch.uint8), torch.device("mps")
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 3000)
    monkeypatch.setattr(torch.mps, "driver_allocated_memory", lambda: 1000)
    assert batches.on_device_if_it_fits(pixels, metal) is pixels


def test_each_device_says_in_its_own_way_that_memory_ran_out():
    assert hardware.is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert hardware.is_out_of_memory(RuntimeError("MPS backend out of memory (MPS allocated: 5 GB)"))
    assert not hardware.is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


def timed(monkeypatch, *orders):
    """Each measurement in turn finds the ways to compute fastest in one of ``orders``; how many were made."""
    made, real = [], hardware.measure_ways

    def measured():
        order = orders[min(len(made), len(orders) - 1)]
        made.append(order)
        monkeypatch.setattr(hardware, "seconds_for", lambda compute, *_: 1.0 + 0.1 * order.index(compute.precision))
        return real()

    monkeypatch.setattr(hardware, "has_matrix_units", lambda: False)
    monkeypatch.setattr(hardware, "measure_ways", measured)
    return made


def test_what_is_fastest_is_measured_once_a_machine_and_kept(monkeypatch, tmp_path):
    made, cpu, file = timed(monkeypatch, ("bf16", "fp32"), ("fp32", "bf16")), torch.device("cpu"), tmp_path / "m.json"
    first = hardware.choose_compute("auto", cpu, file)
    assert first.precision == "bf16" and first == hardware.choose_compute("auto", cpu, file) and len(made) == 1
    assert hardware.choose_compute("bf16", cpu, file) == first, "asking for what was chosen gives the same"
    assert hardware.choose_compute("fp32", cpu, file).precision == "fp32" and len(made) == 1


def test_another_machine_measures_for_itself_and_both_are_kept(monkeypatch, tmp_path):
    made, cpu, file = timed(monkeypatch, ("bf16", "fp32"), ("fp32", "bf16")), torch.device("cpu"), tmp_path / "m.json"
    names = iter(["one", "other", "one", "other"])
    monkeypatch.setattr(hardware, "processor", lambda: next(names))
    assert [hardware.choose_compute("auto", cpu, file).precision for _ in range(4)] == 2 * ["bf16", "fp32"]
    assert len(made) == 2


@pytest.mark.parametrize("damage", [b"{", b"[]", b'{"machines": {"here": 3}}', b'{"machines": null}', b"\xff"])
def test_a_damaged_file_is_measured_anew(monkeypatch, tmp_path, damage):
    made, cpu, file = timed(monkeypatch, ("bf16", "fp32")), torch.device("cpu"), tmp_path / "m.json"
    file.write_bytes(damage)
    assert hardware.choose_compute("auto", cpu, file) == hardware.choose_compute("auto", cpu, file)
    assert len(made) == 1


@pytest.mark.parametrize("change", [{"fastest": "int8"}, {"fp32": {"precision": "bf16"}}, {"bf16": {"threads": 0}}])
def test_what_was_edited_into_nonsense_is_measured_anew(monkeypatch, tmp_path, change):
    made, cpu, file = timed(monkeypatch, ("bf16", "fp32")), torch.device("cpu"), tmp_path / "m.json"
    hardware.choose_compute("auto", cpu, file)
    values = json.loads(file.read_text())
    (found,) = values["machines"].values()
    found.update(change)
    file.write_text(json.dumps(values))
    assert hardware.choose_compute("auto", cpu, file).precision == "bf16" and len(made) == 2


@pytest.mark.slow
def test_measuring_this_machine_imports_no_computer_algebra():
    """In a process of its own; ``to_empty`` of a layer on the meta device brought sympy along."""
    code = 'import sys, resnet_studio.training.hardware as it; it.measure_ways(); print("sympy" in sys.modules)'
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
