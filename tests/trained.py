"""What tests ask of trained runs."""

import torch

from resnet_studio.model import checkpoint


def weights_of(run):
    """The tensors of the best network of ``run`` by name."""
    return checkpoint.load(run.best).model.state_dict()


def same(first, second):
    """Whether all tensors of ``first`` are those of ``second``, to the bit."""
    return all(torch.equal(value, second[name]) for name, value in first.items())
