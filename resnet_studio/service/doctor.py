"""Diagnoses of this machine and workspace that can be pasted into a bug report.

Start at :func:`examine`. Nothing in it says what a picture, a class or a user is called.
"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib import metadata
from typing import TYPE_CHECKING, Any

from resnet_studio.errors import RunError
from resnet_studio.service.surroundings import Surroundings, look_around
from resnet_studio.text import Language, say
from resnet_studio.version import __version__

if TYPE_CHECKING:
    from resnet_studio.training.self_check import DeviceCheck
    from resnet_studio.workspace import Workspace

PACKAGES = (
    "torch", "torchvision", "gradio", "fastapi", "starlette", "uvicorn", "numpy", "pandas", "pillow", "scikit-learn",
    "safetensors", "onnxruntime", "prometheus-client",
)  # fmt: skip
LITTLE_DISK_MB = 2_000


@dataclass(frozen=True, kw_only=True)
class DoctorProblem:
    """Something wrong: ``key`` and ``values`` of a text that says what to do."""

    key: str
    values: dict[str, Any] = field(default_factory=dict)

    def sentence(self, language: Language = "en") -> str:
        """It in words."""
        return say(f"doctor.{self.key}", language, **self.values)


@dataclass(frozen=True, kw_only=True)
class Examination:
    """What was found. ``damaged_runs`` are ids of runs that cannot be read."""

    versions: dict[str, str]
    system: str
    cores: int
    devices: tuple[DeviceCheck, ...]
    free_disk_mb: int
    writable: bool
    runs: int
    damaged_runs: tuple[str, ...]
    around: Surroundings

    @property
    def problems(self) -> list[DoctorProblem]:
        """All that is wrong, the worst first."""
        found = [] if self.writable else [DoctorProblem(key="not_writable")]
        for each in self.devices:
            values = {"device": each.device, "precision": each.precision}
            if each.problem:
                found.append(DoctorProblem(key="device_fails", values=values | {"reason": each.problem}))
            elif not each.sound:
                found.append(DoctorProblem(key="device_wrong", values=values | {"difference": each.difference}))
        if self.free_disk_mb < LITTLE_DISK_MB:
            found.append(DoctorProblem(key="little_disk", values={"free": self.free_disk_mb}))
        if self.damaged_runs:
            found.append(DoctorProblem(key="damaged_runs", values={"runs": list(self.damaged_runs)}))
        return found + [DoctorProblem(key=key, values=values) for key, values in self.around.problems]

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values, with a sentence for each problem."""
        devices = [asdict(each) | {"sound": each.sound} for each in self.devices]
        problems = [{"kind": each.key, "sentence": each.sentence(), "values": each.values} for each in self.problems]
        found = {**asdict(self), **asdict(self.around)}
        del found["around"]
        return {**found, "devices": devices, "problems": problems, "sound": not problems, "report": self.report}

    @property
    def report(self) -> str:
        """Lines for a bug report: nothing in them says what a run, a data set, a folder or a person is called."""
        kinds = ", ".join(each.key for each in self.problems) or "none"
        return "\n".join([*self._facts(), f"problems: {kinds}"])

    def lines(self) -> list[str]:
        """For people."""
        return [*self._facts(), *(each.sentence() for each in self.problems)]

    def _facts(self) -> list[str]:
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        said = [versions, f"{self.system}, {self.cores} cores, {self.free_disk_mb:,} MB free, {self.runs} runs"]
        for each in self.devices:
            way = each.precision + (" as CUDA graphs" if each.graphs else "")
            outcome = each.problem or f"two steps differ from double precision by {each.difference:.2g}"
            said.append(f"{each.device} ({each.name}), {way}: {outcome}" + (", sound" if each.sound else ", NOT SOUND"))
        damaged = f", {len(self.damaged_runs)} cannot be read" if self.damaged_runs else ""
        return [*said, *self.around.lines(), f"workspace {'' if self.writable else 'NOT '}writable{damaged}"]


def examine(workspace: Workspace, progress: Callable[[str], None] = lambda _: None) -> Examination:
    """Look at everything; some seconds a device, as each of them trains two steps in each precision.

    ``progress`` is called with what is examined next.
    """
    from resnet_studio.training import self_check

    checked = []
    for device in self_check.devices():
        progress(str(device))
        checked += self_check.check_device(device)
    runs = workspace.runs()
    return Examination(
        versions={"resnet-studio": __version__, "python": platform.python_version(), **_packages()},
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        cores=os.cpu_count() or 1,
        devices=tuple(checked),
        free_disk_mb=shutil.disk_usage(workspace.root).free // 2**20,
        writable=os.access(workspace.root, os.W_OK),
        runs=len(runs),
        damaged_runs=tuple(run.id for run in runs if not _readable(run)),
        around=look_around(workspace),
    )


def _packages() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "missing"
    return found


def _readable(run: Any) -> bool:
    try:
        return bool(run.config and run.about and run.state() is not None)
    except RunError:
        return False
