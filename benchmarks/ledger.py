"""What a benchmark has measured, one JSON object a line: it can be interrupted, and nothing is measured twice."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True)
class Ledger:
    """The results of the benchmark ``name``, in ``results/NAME.jsonl``."""

    name: str

    @property
    def path(self) -> Path:
        return RESULTS / f"{self.name}.jsonl"

    def results(self) -> list[dict[str, Any]]:
        """All results, the oldest first."""
        return [json.loads(line) for line in self.path.read_text().splitlines()] if self.path.exists() else []

    def knows(self, **values: object) -> bool:
        """Whether a result with all these ``values`` is there."""
        return any(values.items() <= result.items() for result in self.results())

    def append(self, result: dict[str, Any]) -> None:
        """Add ``result`` at the end, and print it."""
        line = json.dumps(result)
        RESULTS.mkdir(exist_ok=True)
        with self.path.open("a") as file:
            file.write(line + "\n")
        print(line, flush=True)
