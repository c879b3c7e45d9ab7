"""Twenty thousand inputs that are a little wrong: each is read as something that makes sense, or refused by a sentence.

``make night`` tries a hundred times as many, others each night.
"""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import hand_made
import made
import mutations
import narrow
import pytest
from mutations import complaints, of_bytes, of_json, text_of
from PIL import Image

from resnet_studio.data import archive, intake, tables
from resnet_studio.data.dataset import load
from resnet_studio.data.pictures import picture_header
from resnet_studio.data.run_split import split_of
from resnet_studio.errors import StudioError
from resnet_studio.model import checkpoint, resnet
from resnet_studio.model.card import Card, read_card
from resnet_studio.model.preprocess import Preprocessing
from resnet_studio.service.people.boards import Boards
from resnet_studio.ui.page.file_inputs import acceptable, is_unicode
from resnet_studio.upkeep.archive import Manifest
from resnet_studio.upkeep.backup import back_up
from resnet_studio.upkeep.bin import Bin
from resnet_studio.upkeep.restore import check
from resnet_studio.workspace import Run, Workspace

pytestmark = pytest.mark.slow


def test_they_are_twenty_thousand() -> None:
    assert sum(mutations.COUNTS.values()) >= 20_000


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("mutated")
    workspace = Workspace.open(folder / "workspace")
    for name, count in (("a", 3), ("b", 2)):
        intake.from_zip(made.zipped(folder / f"{name}.zip", made.class_files({"cat": count, "dog": count})), workspace)
    for name in ("one", "two"):
        run = hand_made.new_run(workspace, name=name, count=3)
        hand_made.train(run, epochs=3)
        hand_made.finish(run, hand_made.report_of(run))
    return workspace


def test_headers_of_pictures() -> None:
    noise = Image.effect_noise((19, 13), 60)
    whole = [
        made.encoded(noise.convert("RGB"), format) for format in ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM")
    ]
    found = complaints(
        "headers of pictures", lambda rng: picture_header(io.BytesIO(of_bytes(rng, rng.choice(whole)))), (StudioError,)
    )
    assert found == []


def test_cards_of_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "model.safetensors"
    monkeypatch.setattr("torchvision.models.resnet18", narrow.resnet18)  # 45 MB would be written back again and again
    card = Card(classes=("cat", "dog"), depth=18, preprocessing=Preprocessing(resize=36, crop=32))
    checkpoint.save(file, resnet.build(18, 2, seed=1).state_dict(), card)
    with file.open("rb") as read:
        head = read.read(8 + int.from_bytes(read.read(8), "little"))
    head = file.read_bytes()[: 8 + int.from_bytes(head[:8], "little")]

    def tried(rng: Any) -> None:
        changed = bytearray(head)
        for _ in range(rng.choice((1, 2, 5))):
            changed[rng.randrange(len(head))] = rng.choice((0, 0x22, 0x2C, 0x7D, 0xFF, rng.randrange(256)))
        with file.open("r+b") as written:
            written.write(changed)
        read_card(file)

    assert complaints("cards of models", tried, (StudioError,)) == []


def in_place(folder: Path, name: str, rng: Any, whole: bytes) -> None:
    (folder / name).write_bytes(text_of(rng, whole))


def test_logs_of_runs(scene: Workspace) -> None:
    run = scene.runs()[0]
    whole = run.log.path.read_bytes()

    def tried(rng: Any) -> None:
        lines = whole.splitlines(keepends=True)
        at = rng.randrange(len(lines))
        lines[at] = text_of(rng, lines[at].rstrip()) + b"\n"
        run.log.path.write_bytes(b"".join(lines))
        Run(run.folder).state()

    try:
        assert complaints("logs of runs", tried, (StudioError,)) == []
    finally:
        run.log.path.write_bytes(whole)


def test_settings_of_runs(scene: Workspace) -> None:
    run = scene.runs()[0]
    file = run.folder / "config.json"
    whole = file.read_bytes()

    def tried(rng: Any) -> None:
        in_place(run.folder, file.name, rng, whole)
        read = Run(run.folder)
        assert isinstance(str(read.about.get("name")), str)
        assert read.requested is not None and read.config is not None

    try:
        assert complaints("settings of runs", tried, (StudioError,)) == []
    finally:
        file.write_bytes(whole)


def test_splits_of_runs(scene: Workspace) -> None:
    run = scene.runs()[0]
    file = run.folder / "split.json"
    whole = file.read_bytes()

    def tried(rng: Any) -> None:
        in_place(run.folder, file.name, rng, whole)
        read = split_of(Run(run.folder))
        assert all(read.path(sample) and read.classes[sample.label] for sample in read.train)

    try:
        assert complaints("splits of runs", tried, (StudioError,)) == []
    finally:
        file.write_bytes(whole)


def test_data_sets(scene: Workspace) -> None:
    folder = next(scene.datasets.glob("*/dataset.json")).parent
    whole = (folder / "dataset.json").read_bytes()

    def tried(rng: Any) -> None:
        in_place(folder, "dataset.json", rng, whole)
        read = load(folder)
        assert all(read.path(sample) for sample in read.samples)
        assert len(read.counts) == len(read.classes)

    try:
        assert complaints("data sets", tried, (StudioError,)) == []
    finally:
        (folder / "dataset.json").write_bytes(whole)


def test_zips(tmp_path: Path) -> None:
    whole = made.zipped(tmp_path / "whole.zip", made.class_files({"cat": 2, "dog": 2})).read_bytes()

    def tried(rng: Any) -> None:
        (tmp_path / "a.zip").write_bytes(of_bytes(rng, whole))
        into = tmp_path / "into"
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir()
        archive.unpack(tmp_path / "a.zip", into)

    assert complaints("zips", tried, (StudioError,)) == []
    assert {path.name for path in tmp_path.iterdir()} <= {"whole.zip", "a.zip", "into"}


def test_tables() -> None:
    csv = b'file,label,split\na.png,cat,train\n"b, c.png",dog,test\nd.png,"cat",\n'
    lines = b'{"file_name": "a.png", "label": "cat"}\n{"file_name": "b.png", "label": "dog"}\n'

    def tried(rng: Any) -> None:
        name, whole = rng.choice((("labels.csv", csv), ("metadata.jsonl", lines)))
        tables.rows_in(of_bytes(rng, whole).decode("utf-8", "replace"), name)

    assert complaints("tables", tried, (StudioError,)) == []


def test_manifests_of_backups(scene: Workspace, tmp_path: Path) -> None:
    back_up(scene, tmp_path / "backup.zip")
    check(tmp_path / "backup.zip")
    with zipfile.ZipFile(tmp_path / "backup.zip") as opened:
        whole = json.loads(opened.read("manifest.json"))
    whole["files"] = whole["files"][:6]
    found = complaints(
        "manifests of backups", lambda rng: Manifest.from_json(of_json(rng, whole), tmp_path / "x"), (StudioError,)
    )
    assert found == []


def test_bin_and_boards(scene: Workspace) -> None:
    bin, boards = Bin(scene), Boards(scene)
    bin.put_run(scene.runs()[1], "anna")
    board = boards.create(next(scene.datasets.glob("*/dataset.json")).parent.name, "Board")
    (scene.runs()[0].best).write_bytes(b"x")
    boards.submit(board, scene.runs()[0], "person:anna")
    files = [next(bin.folder.glob("*/entry.json")), board.root / "board.json", *(board.root / "submissions").iterdir()]
    whole = {file: file.read_bytes() for file in files}

    def tried(rng: Any) -> None:
        file = rng.choice(files)
        file.write_bytes(text_of(rng, whole[file]))
        try:
            for each in bin.listed():
                assert each.days_left >= 0 and each.thing and not each.concerns("")
            for found in boards.all():
                assert found.to_json() and found.left("person:anna") >= 0
                assert all(each.to_json() for each in found.submissions())
        finally:
            file.write_bytes(whole[file])

    assert complaints("bin and boards", tried, (StudioError,)) == []


def test_values_of_handlers(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    whole = {"a": [{"path": str(tmp_path / "in" / "x.png"), "meta": {"_type": "gradio.FileData"}}, "text", {"b": [1]}]}

    def tried(rng: Any) -> None:
        value = of_json(rng, whole)
        assert acceptable(value, False, tmp_path / "in") in (True, False)
        assert not acceptable({"deep": value, "f": {"path": "/etc/passwd", "meta": {}}}, True, tmp_path / "in")
        assert is_unicode(value) in (True, False)

    assert complaints("values of handlers", tried, ()) == []
