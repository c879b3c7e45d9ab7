"""Every network in every format: how far the exported file is from the studio, how large it is, how fast it answers.

    python benchmarks/exports.py CIFAR10_ZIP FOLDER [--networks resnet18 resnet50] [--formats onnx html]

A head is trained on each network, ResNet-18 with the starter's weights and all others with random ones, for three
classes of CIFAR-10, 150 pictures each, at 64 px. The certificate of each exported file is made on more than 500 test
pictures and the validation pictures. One line a file. 8 bits are to lose at most a point.
"""

from __future__ import annotations

import argparse
import sys
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import resnet_studio as studio
from resnet_studio.errors import StudioError
from resnet_studio.evaluation.certificate import Certificate
from resnet_studio.model import architecture
from resnet_studio.model.exports.formats import FORMATS, missing

CLASSES = ("airplane", "frog", "truck")
TRAIN, TEST = 150, 500
SETTINGS = {"freeze": "layer4", "picture_size": 64, "epochs": 10, "batch_size": 32}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cifar10", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--networks", nargs="+", default=["resnet18", "resnet34", "resnet50", "resnext50_32x4d"])
    parser.add_argument("--formats", nargs="+", default=[name for name in FORMATS if not missing(FORMATS[name])])
    options = parser.parse_args()
    workspace = studio.Workspace.open(options.folder / "workspace")
    data = studio.open_data(pictures(options.cifar10, options.folder / "pictures"), workspace)
    for network in options.networks:
        start = "starter" if network == "resnet18" else "scratch"
        run = studio.train(
            data, workspace=workspace, weights=start, **SETTINGS, **architecture.settings(network, SETTINGS)
        )
        for name in options.formats:
            try:
                target = options.folder / f"{network}{FORMATS[name].suffix or '-hub'}"
                found = studio.export(run, name, target, workspace=workspace).certificate
            except StudioError as error:
                print(f"{network:16} {name:17} {error}", flush=True)
            else:
                print(line(network, found), flush=True)


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


def line(network: str, found: Certificate) -> str:
    lossy = "rounded" if found.lossy else "full"
    return (
        f"{network:16} {found.format:17} {lossy:7} {found.megabytes:6.1f} MB  agreement {found.agreement:.4f} of "
        f"{found.pictures}  difference {found.largest_difference:.1e}  accuracy {found.accuracy:.4f} "
        f"(studio {found.app_accuracy:.4f})  none of these {found.unknown_agreement}  "
        f"{found.milliseconds:.0f} ms (studio {found.app_milliseconds:.0f} ms)"
    )


if __name__ == "__main__":
    main()
