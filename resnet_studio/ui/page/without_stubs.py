"""Gradio is imported without the ``.pyi`` files that it writes beside its components for editors.

For these, each import of Gradio parses the source of every component anew: 2.25 to 2.83 CPU seconds instead of 1.25 to
1.42, three processes each in turn (Gradio 6.31, two cores). Nothing reads them while a program runs, and several
programs that start at once would write the same files.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

MODULE = "gradio.component_meta"
WRITER = "create_or_modify_pyi"


class _Finder(MetaPathFinder):
    """Finds the module that writes the files, and has it loaded with a writer that does nothing."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != MODULE:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None:
            return None
        loader, load = spec.loader, spec.loader.exec_module

        def load_without_writer(module: ModuleType) -> None:
            load(module)
            if hasattr(module, WRITER):
                setattr(module, WRITER, lambda *_: None)

        loader.exec_module = load_without_writer  # type: ignore[method-assign]
        return spec


def prepare() -> None:
    """To be called before Gradio's first import; later it does nothing."""
    if MODULE not in sys.modules:
        sys.meta_path.insert(0, _Finder())
