"""What lies in ``deploy/`` can be read, and names only what there is: commands, options, ports, files, figures."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest
import yaml

from resnet_studio.cli import build_parser
from resnet_studio.service.http.metrics import Metrics
from resnet_studio.service.serving.catalogue import Selection
from resnet_studio.service.serving.figures import Figures
from resnet_studio.service.serving.limits import MB, Limits

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
YAML = sorted([*DEPLOY.rglob("*.yaml"), *DEPLOY.rglob("*.yml")])
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
README = (DEPLOY / "README.md").read_text("utf-8")


def documents(path):
    return [each for each in yaml.safe_load_all(path.read_text("utf-8")) if each]


def kubernetes(kind):
    found = [each for path in (DEPLOY / "kubernetes").glob("*.yaml") for each in documents(path)]
    return [each for each in found if each.get("kind") == kind]


def instruction(name):
    """The arguments of the last ``name`` in the Dockerfile."""
    plain = DOCKERFILE.replace("\\\n", " ")
    return [line.partition(" ")[2].strip() for line in plain.splitlines() if line.startswith(f"{name} ")][-1]


def test_every_file_can_be_read():
    assert len(YAML) > 8 and all(documents(path) for path in YAML)
    assert json.loads((DEPLOY / "grafana" / "dashboard.json").read_text("utf-8"))["panels"]
    compile((DEPLOY / "ray_serve.py").read_text("utf-8"), "ray_serve.py", "exec")


def commands():
    """All commands of ours that are run there."""
    assert json.loads(instruction("ENTRYPOINT")) == ["python", "-m", "resnet_studio"]
    yield json.loads(instruction("CMD"))
    for deployment in kubernetes("Deployment"):
        yield deployment["spec"]["template"]["spec"]["containers"][0]["args"]
    for line in README.splitlines():
        if line.startswith("python -m resnet_studio "):
            yield shlex.split(re.split(r"\s[|>#]", line)[0])[3:]


def test_commands_and_options_exist():
    found = list(commands())
    assert len(found) == 5
    for arguments in found:
        build_parser().parse_args(arguments)


def test_one_port_is_meant_everywhere():
    port = build_parser().parse_args(["serve", "x"]).port
    assert instruction("EXPOSE") == str(port) and f":{port}/healthz" in instruction("HEALTHCHECK")
    (deployment,), (policy,) = kubernetes("Deployment"), kubernetes("NetworkPolicy")
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    assert container["ports"][0]["containerPort"] == policy["spec"]["ingress"][0]["ports"][0]["port"] == port
    nginx = (DEPLOY / "nginx.conf").read_text("utf-8")
    assert re.findall(r"server (worker-\d):(\d+)", nginx) == [("worker-1", str(port)), ("worker-2", str(port))]
    scraped = documents(DEPLOY / "prometheus" / "prometheus.yml")[0]["scrape_configs"][0]["static_configs"]
    assert scraped == [{"targets": [f"worker-1:{port}", f"worker-2:{port}"]}]


def test_the_proxy_lets_through_what_a_worker_takes_and_nothing_else():
    nginx = (DEPLOY / "nginx.conf").read_text("utf-8")
    assert f"client_max_body_size {Limits().request_bytes // MB}m;" in nginx
    assert re.findall(r"location (?:= )?(\S+) \{", nginx) == ["/v1/", "/healthz", "/"]
    assert "/metrics" not in nginx


def test_files_that_are_copied_or_mounted_exist():
    for line in DOCKERFILE.splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            assert all((ROOT / name).exists() for name in line.split()[1:-1]), line
    (compose,) = documents(DEPLOY / "compose.yaml")
    mounts = [m for service in compose["services"].values() for m in service.get("volumes", ()) if m.startswith("./")]
    made = {"./models"}  # by whoever follows the README
    assert [m for m in mounts if not (DEPLOY / m.split(":")[0]).exists() and m.split(":")[0] not in made] == []
    listed = documents(DEPLOY / "kubernetes" / "kustomization.yaml")[0]["resources"]
    assert all((DEPLOY / "kubernetes" / name).is_file() for name in listed)
    ignored = (ROOT / ".gitignore").read_text("utf-8").split()
    assert {"/deploy/models/", "/deploy/secrets/"} <= set(ignored)


def test_workers_have_no_rights_and_write_to_memory_alone():
    assert not instruction("USER").startswith(("0", "root"))
    (compose,) = documents(DEPLOY / "compose.yaml")
    workers = [service for name, service in compose["services"].items() if name.startswith("worker")]
    assert len(workers) == 2
    for worker in workers:
        assert worker["read_only"] and worker["cap_drop"] == ["ALL"] and "ports" not in worker
        assert all(each.endswith(":ro") for each in worker["volumes"])
    assert compose["networks"]["inside"] == {"internal": True}
    (deployment,) = kubernetes("Deployment")
    pod = deployment["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] and not pod["automountServiceAccountToken"]
    rights = pod["containers"][0]["securityContext"]
    assert rights["readOnlyRootFilesystem"] and not rights["allowPrivilegeEscalation"]


def figures():
    """The names that ``/metrics`` of a service has."""
    metrics = Metrics()
    Figures(metrics.registry, Selection(()).all)
    return {
        name
        for line in metrics.text().decode().splitlines()
        if line.startswith("# TYPE resnet_studio")
        for base in [line.split()[2]]
        for name in (base, *(f"{base}_{end}" for end in ("bucket", "count", "sum")))
    }


def test_rules_dashboard_and_scaling_use_figures_that_there_are():
    known = figures()
    assert "resnet_studio_api_seconds_bucket" in known and "resnet_studio_api_answers_total" in known
    made = {"resnet_studio_api_p95_seconds"}  # by the adapter, for scaling
    used = {
        f"{path.name}: {name}"
        for path in [*YAML, DEPLOY / "grafana" / "dashboard.json"]
        for name in re.findall(r"\bresnet_studio_[a-z0-9_]+\b(?!:)", path.read_text("utf-8"))
        if name not in known | made
    }
    assert used == set()
    (scaler,) = kubernetes("HorizontalPodAutoscaler")
    assert {each["pods"]["metric"]["name"] for each in scaler["spec"]["metrics"]} == made


def checks():
    """What ``deploy/check.py`` runs."""
    spec = importlib.util.spec_from_file_location("deploy_check", DEPLOY / "check.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["deploy_check"] = module  # where a dataclass looks for its annotations
    spec.loader.exec_module(module)
    return {(each.what, each.tool): each for each in module.CHECKS}


BROKEN = {
    ("Dockerfile", "hadolint"): ("Dockerfile", "FROM python:3.13-slim AS build", "FROM python:latest AS build"),
    ("compose.yaml", "check-jsonschema"): ("compose.yaml", "cap_drop: [ALL]", "cap_drop: ALL"),
    ("compose.yaml", "docker compose"): ("compose.yaml", "worker-2: *worker", "worker-3: *worker"),
    ("nginx.conf", "nginx"): ("nginx.conf", "least_conn;", "fewest_conn;"),
    ("kubernetes/", "kubernetes-validate"): ("kubernetes/serve.yaml", "replicas: ", "replica: "),
    ("kubernetes/", "kubectl"): ("kubernetes/kustomization.yaml", "- serve.yaml", "- served.yaml"),
    ("prometheus/prometheus.yml", "promtool"): ("prometheus/prometheus.yml", "interval: 15s", "interval: often"),
    ("prometheus/rules.yml", "promtool"): ("prometheus/rules.yml", "quantile(0.95, ", "quantile(0.95; "),
    ("prometheus/rules_test.yml", "promtool"): ("prometheus/rules.yml", '{kind="classes"}) == 1', '{kind="all"}) == 1'),
    ("grafana/dashboard.json", "promtool"): ("grafana/dashboard.json", "quantile(0.5, ", "quantile(0.5; "),
    ("ray_serve.py", "ray"): ("ray_serve.py", "Models.bind()", "None"),
}  # fmt: skip
"""For each check a file, what stands in it, and what breaks it there."""


def test_each_check_has_a_fault_that_it_must_find():
    assert set(checks()) == set(BROKEN)
    assert [each for each in BROKEN.values() if each[1] not in (DEPLOY / each[0]).read_text("utf-8")] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", list(BROKEN), ids=" by ".join)
def test_tools_accept_the_files_and_find_a_fault_in_them(name, tmp_path):
    check, (file, old, new) = checks()[name], BROKEN[name]
    if not check.is_here:
        pytest.skip(f"{check.tool} is not installed")
    assert check.problem() == ""
    broken = tmp_path / "deploy"
    shutil.copytree(DEPLOY, broken, ignore=shutil.ignore_patterns("models", "secrets", "__pycache__"))
    (broken / file).write_text((broken / file).read_text("utf-8").replace(old, new, 1), "utf-8")
    assert check.problem(broken)
