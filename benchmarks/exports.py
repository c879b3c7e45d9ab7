"""Every network in every format: how far the exported file is from the studio, how large it is, how fast it answers.

    python benchmarks/exports.py CIFAR10_ZIP FOLDER [--networks resnet18 resnet50] [--formats onnx html]

A network of each depth and kind learns three classes of CIFAR-10, 300 pictures each: ResNet-18 from the starter's
weights at 64 px, all others from random ones at 32 px, all their layers. Each exported file is run by a fresh Python
without this package on more than 500 test pictures and the validation pictures. In full precision the first class must
be the same for 99.5 % and no probability differ by 1e-4; half precision and 8 bits may lose a point of accuracy. One
line a file; at the end what was not met, and exit 1 where that is anything. What is in FOLDER is not done again.
"""

from __future__ import annotations

import argparse
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import resnet_studio as studio
from resnet_studio.errors import StudioError
from resnet_studio.evaluation.certificate import MOST_LOSS
from resnet_studio.model import architecture
from resnet_studio.model.exports.formats import FORMATS, missing

CLASSES = ("airplane", "frog", "truck")
TRAIN, TEST = 300, 500
NETWORKS = (
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d", "wide_resnet50_2", "seresnet18",
    "seresnet50", "resnet18d", "resnet50d",
)  # fmt: skip
STARTER = {"weights": "starter", "freeze": "layer4", "picture_size": 64, "epochs": 10, "batch_size": 32}
SCRATCH = {"weights": "scratch", "stem": "standard", "picture_size": 32, "epochs": 8, "batch_size": 32}
LEAST_AGREEMENT, MOST_DIFFERENCE = 0.995, 1e-4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cifar10", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS))
    parser.add_argument("--formats", nargs="+", default=[name for name in FORMATS if not missing(FORMATS[name])])
    options = parser.parse_args()
    workspace = studio.Workspace.open(options.folder / "workspace")
    data = studio.open_data(pictures(options.cifar10, options.folder / "pictures"), workspace)
    kept = options.folder / "exports.jsonl"
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for line in kept.read_text().splitlines() if kept.exists() else ():
        rows[json.loads(line)["network"], json.loads(line)["format"]] = json.loads(line)
    wanted = [(network, format) for network in options.networks for format in options.formats]
    for network, format in wanted:
        if (network, format) not in rows:
            target = options.folder / f"{network}{FORMATS[format].suffix or '-hub'}"
            try:
                found = studio.export(trained(network, data, workspace), format, target, workspace=workspace)
            except StudioError as error:
                rows[network, format] = {"network": network, "format": format, "error": str(error)}
            else:
                rows[network, format] = {**found.certificate.to_json(), "network": network}
            with kept.open("a") as file:
                file.write(json.dumps(rows[network, format]) + "\n")
        print(said(rows[network, format]), flush=True)
    failed = [f"{each}: {why}" for each in wanted if (why := problem(rows[each]))]
    print(f"{len(wanted) - len(failed)} of {len(wanted)} files as promised", *failed, sep="\n")
    raise SystemExit(1 if failed else 0)


def trained(network: str, data: Any, workspace: studio.Workspace) -> studio.Run:
    """The run of ``network`` in ``workspace``, trained where there is none yet."""
    for run in workspace.runs():
        if run.best.is_file() and run.about.get("name") == network:
            return run
    settings = STARTER if network == "resnet18" else SCRATCH
    return studio.train(data, workspace=workspace, name=network, **settings, **architecture.settings(network, settings))


def problem(row: dict[str, Any]) -> str:
    """What of the promise the file does not keep; empty where it keeps all."""
    if "error" in row:
        return str(row["error"])
    if row["format"] == "safetensors-half" or row["lossy"]:
        lost = row["app_accuracy"] - row["accuracy"]
        return f"loses {lost:.4f}" if lost > MOST_LOSS else ""
    agrees, near = row["agreement"] >= LEAST_AGREEMENT, row["largest_difference"] < MOST_DIFFERENCE
    return "" if agrees and near else "differs"


def pictures(archive: Path, folder: Path) -> Path:
    """Some pictures of some classes, in folders ``train`` and ``test``."""
    wanted = {"train": TRAIN, "test": -(-TEST // len(CLASSES))}
    with zipfile.ZipFile(archive) as opened:
        names = sorted(opened.namelist())
        for part, count in wanted.items():
            for each in CLASSES:
                some = [name for name in names if f"{part}/{each}/" in name and not name.endswith("/")][:count]
                (folder / part / each).mkdir(parents=True, exist_ok=True)
                for name in some:
                    (folder / part / each / Path(name).name).write_bytes(opened.read(name))
    return folder


def said(row: dict[str, Any]) -> str:
    """``row`` as a line."""
    if "error" in row:
        return f"{row['network']:16} {row['format']:17} {row['error']}"
    lossy = "rounded" if row["lossy"] else "full"
    return (
        f"{row['network']:16} {row['format']:17} {lossy:7} {row['megabytes']:6.1f} MB  agreement {row['agreement']:.4f}"
        f" of {row['pictures']}  difference {row['largest_difference']:.1e}  accuracy {row['accuracy']:.4f} "
        f"(studio {row['app_accuracy']:.4f})  none of these {row['unknown_agreement']}  "
        f"{row['milliseconds']:.0f} ms (studio {row['app_milliseconds']:.0f} ms)"
    )


if __name__ == "__main__":
    main()
