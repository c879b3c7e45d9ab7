"""Every network in every format: how far the exported file is from the studio, how large it is, how fast it answers.

    python benchmarks/exports.py CIFAR10_ZIP FOLDER [--networks resnet18 resnet50] [--formats onnx html]
    python benchmarks/exports.py --table

A head is trained on each network, ResNet-18 with the starter's weights and all others with random ones, for three
classes of CIFAR-10, 150 pictures each, at 64 px. Random weights are the easier case, since each block begins as its
shortcut alone. With ``--epochs-of-all N`` all layers of each network are trained instead, for so many epochs, on 1,500
pictures of each class: that wants a GPU (``BENCHMARK_DEVICE=cuda``). The certificate of each
exported file is made on a processor, on more than 500 test pictures and the validation pictures. 8 bits are to lose at
most a point.

Each network has a process of its own, ``--at-once`` of them at a time. One line a network and format in
``results/exports.jsonl`` (or the file ``--results``); what is there is not run again, and a network that FOLDER has a
finished run of is not trained again. The format html needs ONNX Runtime for browsers: ``--runtime`` is a folder with
its files.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ledger import Ledger
from machine import SETTINGS

import resnet_studio as studio
from resnet_studio.errors import StudioError
from resnet_studio.evaluation.certificate import Certificate
from resnet_studio.model import architecture
from resnet_studio.model.exports.formats import FORMATS, missing

CLASSES = ("airplane", "frog", "truck")
TRAIN, TRAIN_OF_ALL, TEST = 150, 1500, 500
NETWORKS = (
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d", "seresnet50", "resnet50d",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cifar10", type=Path, nargs="?")
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--networks", nargs="+", default=NETWORKS)
    parser.add_argument("--formats", nargs="+", default=[name for name in FORMATS if not missing(FORMATS[name])])
    parser.add_argument("--epochs-of-all", type=int, default=0, metavar="N")
    parser.add_argument("--test", type=int, default=TEST, metavar="N", help="test pictures at least")
    parser.add_argument("--runtime", type=Path, help="folder with the files of onnxruntime-web")
    parser.add_argument("--results", type=Path, help="a file of its own for the results")
    parser.add_argument("--at-once", type=int, default=1, metavar="N")
    parser.add_argument("--table", action="store_true")
    given = parser.parse_args()
    ledger = Ledger("exports", file=given.results)
    if given.table:
        print("\n".join(map(line, ledger.results())))
    elif given.folder is None:
        parser.error("CIFAR10_ZIP and FOLDER are needed")
    elif len(given.networks) == 1:
        measure(given.networks[0], given, ledger)
    else:
        pictures(given)
        with ThreadPoolExecutor(given.at_once) as pool:
            statuses = list(pool.map(in_a_process_of_its_own, given.networks))
        sys.exit(max(statuses))


def in_a_process_of_its_own(network: str) -> int:
    """Measure only ``network``, with the other arguments of this process, and return its exit status."""
    return subprocess.run([sys.executable, *sys.argv, "--networks", network], check=False).returncode


def measure(network: str, given: argparse.Namespace, ledger: Ledger) -> None:
    """Append a line for each format without one. What cannot be written says why, and is tried again next time."""
    trained = f"all layers, {given.epochs_of_all} epochs" if given.epochs_of_all else "head"
    key = {"network": network, "trained": trained}
    left = [name for name in given.formats if not ledger.knows(**key, format=name, problem=None)]
    if not left:
        return
    run = trained_run(network, given)
    for name in left:
        target = given.folder / f"{network}-{name}{FORMATS[name].suffix}"
        began = time.perf_counter()
        try:
            found = studio.export(run, name, target, runtime=given.runtime if name == "html" else None).certificate
        except Exception as error:  # noqa: BLE001 - the other formats are still to come
            said = str(error) if isinstance(error, StudioError) else repr(error)
            ledger.append({**key, "format": name, "problem": said})
        else:
            seconds = round(time.perf_counter() - began, 1)
            ledger.append({**key, "format": name, "problem": None, "seconds": seconds, **figures(found)})


def figures(found: Certificate) -> dict[str, Any]:
    """What a certificate says, less what is about this one file."""
    left_out = {"version", "format", "file", "sha256", "created", "run", "network", "answered", "checked"}
    return {name: value for name, value in found.to_json().items() if name not in left_out}


def trained_run(network: str, given: argparse.Namespace) -> studio.Run:
    """The finished run of ``network`` in the folder, trained where there is none."""
    workspace = studio.Workspace.open(given.folder / f"workspace-{given.epochs_of_all}-{given.test}" / network)
    done = [run for run in workspace.runs() if run.state().finished and run.best.is_file()]
    if done:
        return done[-1]
    freeze, epochs = ("none", given.epochs_of_all) if given.epochs_of_all else ("layer4", 10)
    starter = network == "resnet18" and not given.epochs_of_all
    settings = {
        **SETTINGS,
        **({"weights": "starter"} if starter else {"weights": "scratch", "stem": "standard"}),  # timm knows no other
        **{"freeze": freeze, "epochs": epochs, "picture_size": 64, "batch_size": 32},
    }
    return studio.train(
        studio.open_data(pictures(given), workspace),
        workspace=workspace,
        **settings,
        **architecture.settings(network, settings),
    )


def pictures(given: argparse.Namespace) -> Path:
    """Some pictures of some classes, in folders ``train`` and ``test``."""
    wanted = {"train": TRAIN_OF_ALL if given.epochs_of_all else TRAIN, "test": -(-given.test // len(CLASSES))}
    folder: Path = given.folder / f"pictures-{wanted['train']}-{wanted['test']}"
    with zipfile.ZipFile(given.cifar10) as opened:
        names = sorted(opened.namelist())
        for part, count in wanted.items():
            for each in CLASSES:
                some = [name for name in names if f"{part}/{each}/" in name and not name.endswith("/")][:count]
                (folder / part / each).mkdir(parents=True, exist_ok=True)
                for name in some:
                    target = folder / part / each / Path(name).name
                    if not target.exists():
                        target.write_bytes(opened.read(name))
    return folder


def line(result: dict[str, Any]) -> str:
    """One result in words."""
    start = f"{result['network']:16} {result['format']:17} {result['trained']:24}"
    if result["problem"]:
        return f"{start} {result['problem']}"
    judged = "" if met(result) else "  NOT MET"
    return (
        f"{start} {'rounded' if result['lossy'] else 'full':7} {result['megabytes']:6.1f} MB  "
        f"agreement {result['agreement']:.4f} of {result['pictures']}  difference {result['largest_difference']:.1e}  "
        f"accuracy {result['accuracy']:.4f} (studio {result['app_accuracy']:.4f}) of {result['scored']}  "
        f"none of these {result['unknown_agreement']}  "
        f"{result['milliseconds']:.0f} ms (studio {result['app_milliseconds']:.0f} ms){judged}"
    )


def met(result: dict[str, Any]) -> bool:
    """Whether a file agrees as promised: 99.5 % and 1e-4; a rounded one loses at most a point of accuracy."""
    if result["lossy"]:
        return bool(result["app_accuracy"] - result["accuracy"] <= 0.01 + 1e-9)
    return bool(result["agreement"] >= 0.995 and result["largest_difference"] < 1e-4)


if __name__ == "__main__":
    main()
