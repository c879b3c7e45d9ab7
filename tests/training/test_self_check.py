"""Two trained steps on a device beside the same in double precision: rounding passes, what is wrong does not."""

import pytest
import torch

from resnet_studio.training import self_check
from resnet_studio.training.hardware import Compute

CPU = torch.device("cpu")
FP32 = Compute("fp32", 1)


@pytest.fixture
def only_fp32(monkeypatch):
    monkeypatch.setattr(self_check.hardware, "choose_compute", lambda *_: FP32)


@pytest.mark.slow
def test_the_processor_computes_what_double_precision_does_up_to_rounding(only_fp32):
    (found,) = self_check.check_device(CPU)
    assert found.sound and 0 < found.difference < 1e-3
    assert (found.device, found.precision, found.graphs) == ("cpu", "fp32", False)


class Halved(torch.autograd.Function):
    """As a wrong kernel: forward as it should be, backward by a half."""

    @staticmethod
    def forward(ctx, values):
        return values.clone()

    @staticmethod
    def backward(ctx, gradient):
        return gradient / 2


@pytest.mark.slow
def test_a_gradient_that_is_wrong_in_one_stage_is_found(only_fp32, monkeypatch):
    built, made = self_check.resnet.build, []

    def build(*arguments, **options):
        network = built(*arguments, **options)
        if not made:  # the first one is the device's
            network.layer3.register_forward_hook(lambda _, __, output: Halved.apply(output))
        made.append(network)
        return network

    monkeypatch.setattr(self_check.resnet, "build", build)
    (found,) = self_check.check_device(CPU)
    assert not found.sound and found.difference > 0.1


def test_what_a_driver_says_is_passed_on(only_fp32, monkeypatch):
    def fails(*_):
        raise RuntimeError("no kernel image is available for execution on the device\nmore")

    monkeypatch.setattr(self_check, "changes", fails)
    (found,) = self_check.check_device(CPU)
    assert not found.sound and found.problem == "no kernel image is available for execution on the device"
