"""Defers the import of torch's compiler until something is compiled: it takes as long as importing torch itself.

torchvision's import and torch's optimisers import ``torch._dynamo`` for three small questions, which are answered here
as it would answer them where nothing is being compiled. Any other attribute loads the real one.

Measured with torch 2.14 on a two-core AMD EPYC, three processes each in turn: the first step of a training is reached
after 4.2 CPU seconds instead of 6.0, 1.26 times as fast (1.26 to 1.59); ``benchmarks/imports.py`` measures it again.
``RESNET_STUDIO_COMPILER=1`` in the environment leaves torch unchanged.
"""

from __future__ import annotations

import importlib
import os
import sys
from types import ModuleType
from typing import Any

COMPILER = "torch._dynamo"
QUESTIONS = "torch._dynamo.utils"
SWITCH = "RESNET_STUDIO_COMPILER"


class _LazyModule(ModuleType):
    """A placeholder for a module of the compiler, replaced by the real one when another attribute is read."""

    def __init__(self, name: str, **answers: Any) -> None:
        super().__init__(name)
        self.__file__ = None
        self.__dict__.update(answers)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and (name != "__path__" or self.__name__ != COMPILER):
            raise AttributeError(name)
        return getattr(real_module(self.__name__), name)


def defer() -> None:
    """Have programs start without the compiler; to be called before torch's first import, and only by a program."""
    if "torch" in sys.modules or os.environ.get(SWITCH) == "1":
        return
    sys.modules[COMPILER] = _LazyModule(COMPILER, disable=_not_compiled, graph_break=_nothing)
    sys.modules[QUESTIONS] = _LazyModule(QUESTIONS, is_compile_supported=_is_compile_supported)


def real_module(name: str) -> ModuleType:
    """The module ``name`` itself, imported now; what stood in for it goes."""
    for module in (QUESTIONS, COMPILER):
        if isinstance(sys.modules.get(module), _LazyModule):
            del sys.modules[module]
    return importlib.import_module(name)


def _not_compiled(function: Any = None, *rest: Any, **options: Any) -> Any:
    """A function that is not to be compiled, where nothing is: itself."""
    return function if callable(function) else real_module(COMPILER).disable(function, *rest, **options)


def _nothing(*_: Any, **__: Any) -> None:
    """An interruption of what is being compiled, where nothing is."""


def _is_compile_supported(device: str) -> bool:
    return bool(real_module(QUESTIONS).is_compile_supported(device))
