"""Programs start without torch's compiler, and get it whole when they ask for it."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

PREPARED = "from resnet_studio import compiler; compiler.defer(); import sys, torch, torchvision\n"
INSIDE = "torch._dynamo.symbolic_convert"


def stdout_of(code):
    return subprocess.run([sys.executable, "-c", PREPARED + code], capture_output=True, text=True, check=True).stdout


def test_a_training_step_does_not_import_the_compiler_and_the_answers_are_those_of_the_installed_torch():
    """A new torch may ask more, or answer otherwise: what the stand-in says without the compiler, the compiler says."""
    code = f"""
network = torchvision.models.resnet18(num_classes=2)
for kind in (torch.optim.AdamW, torch.optim.SGD):
    optimizer = kind(network.parameters(), lr=0.1, fused=True)
    network(torch.zeros(2, 3, 32, 32)).sum().backward()
    optimizer.step()
    optimizer.zero_grad()
    optimizer.load_state_dict(optimizer.state_dict())
print({INSIDE!r} in sys.modules)
stand_in = {{name: dict(vars(sys.modules[name])) for name in (compiler.COMPILER, compiler.QUESTIONS)}}
def double(x): return 2 * x
mine = stand_in[compiler.COMPILER]["disable"](double)(3), stand_in[compiler.COMPILER]["graph_break"]()
supported = [stand_in[compiler.QUESTIONS]["is_compile_supported"](device) for device in ("cpu", "meta")]
import importlib
compiler.real_module(compiler.COMPILER)
real, questions = (importlib.import_module(name) for name in (compiler.COMPILER, compiler.QUESTIONS))
print(mine == (real.disable(double)(3), real.graph_break()))
print(supported == [questions.is_compile_supported(device) for device in ("cpu", "meta")])
"""
    assert stdout_of(code).split() == ["False", "True", "True"]


@pytest.mark.long
def test_the_real_compiler_is_imported_where_the_environment_asks_for_it(monkeypatch):
    monkeypatch.setenv("RESNET_STUDIO_COMPILER", "1")
    assert stdout_of("print(type(sys.modules['torch._dynamo']).__name__)").split() == ["module"]


@pytest.mark.long
def test_who_compiles_gets_the_real_compiler():
    code = f"""
double = torch.compile(lambda x: 2 * x, backend="eager")
print(double(torch.ones(1)).item(), {INSIDE!r} in sys.modules, torch._dynamo.__file__ is not None)
"""
    assert stdout_of(code).split() == ["2.0", "True", "True"]


@pytest.mark.long
def test_the_compiler_can_be_imported_part_by_part_and_switched_off():
    code = """
import torch._dynamo.config
from torch._dynamo.utils import counters

@torch._dynamo.disable(recursive=False)
def same(x):
    return x

print(same(3), torch._dynamo.config.cache_size_limit > 0, len(counters))
"""
    assert stdout_of(code).split() == ["3", "True", "0"]


@pytest.mark.long
def test_a_compiler_that_is_there_already_is_left_alone():
    code = """
real = sys.modules["torch"]
compiler.defer()
print(type(sys.modules["torch._dynamo"]).__name__)
import torch._dynamo.config
compiler.defer()
print(type(sys.modules["torch._dynamo"]).__name__)
"""
    assert stdout_of(code).split() == ["_LazyModule", "module"]
