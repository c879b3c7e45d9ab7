import hashlib
import json
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import odd_files
import pytest
import torch
import torchvision
from PIL import Image
from torch import nn

from resnet_studio.data.pictures import read_picture
from resnet_studio.errors import CheckpointError
from resnet_studio.model import unlike
from resnet_studio.model.acceptance import Acceptance
from resnet_studio.model.checkpoint import Card, Preprocessing, load, save
from resnet_studio.model.export import export_code, export_pt
from resnet_studio.model.resnet import build
from resnet_studio.prediction import Predictor

CLASSES = ("cat", "狗", 'it\'s "odd"\n', "<b>bold</b>", "\u202ertl")
HOW = Preprocessing(resize=72, crop=64, mean=(0.5, 0.45, 0.4), std=(0.2, 0.25, 0.3))
LINE = Acceptance(tuple(value / 4 for value in range(40)), 0.9)
MODELS = {
    "r18": Card(classes=CLASSES, depth=18, preprocessing=HOW, dropout=0.3, temperature=1.7321, unlike=LINE),
    "r18small": Card(classes=CLASSES, depth=18, preprocessing=replace(HOW, resize=64), stem="small"),
    "r34": Card(classes=CLASSES, depth=34, preprocessing=HOW),
    "r50": Card(
        classes=CLASSES,
        depth=50,
        preprocessing=HOW,
        head="hidden",
        hidden_units=20,
        dropout=0.2,
        temperature=0.61,
        unlike=LINE,
    ),
    "joined": Card(classes=CLASSES, depth=18, preprocessing=HOW, features="layer3+layer4", dropout=0.2, unlike=LINE),
    "pruned": Card(classes=CLASSES, depth=18, preprocessing=HOW, widths=(40, 64, 64, 128, 96, 256, 128, 512)),
    "pruned50": Card(classes=CLASSES, depth=50, preprocessing=HOW, widths=(24, 40) * 3 + (64, 128) * 13),
    "r101": Card(classes=CLASSES, depth=101, preprocessing=HOW),
    "r152": Card(classes=CLASSES, depth=152, preprocessing=HOW),
}


def trained(card, seed=0):
    """Weights as far from those of a new model as training makes them, so that every layer counts."""
    torch.manual_seed(seed)
    model = build(**card.architecture)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            if module.affine:
                nn.init.uniform_(module.weight, 0.2, 0.5)
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.2)
    return model.state_dict()


def some_reference(card):
    """What pictures of noise look like to some network with these widths."""
    draw = torch.Generator().manual_seed(1)
    widths = {"layer2": 128, "layer3": 256, "layer4": 512}
    scale = card.network.features // 512
    seen = {stage: torch.rand(40, 2 * width * scale, generator=draw) for stage, width in widths.items()}
    return unlike.fit(seen, torch.arange(40) % len(CLASSES))


def pictures(folder):
    """A JPEG that lies on its side and is far larger than needed, a PNG, one with holes, one of 16-bit grey."""
    chance = np.random.default_rng(0)
    small = Image.fromarray(chance.integers(0, 256, (12, 16, 3), dtype=np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    small.resize((800, 600), Image.Resampling.BICUBIC).save(folder / "photo.jpg", quality=90, exif=exif)
    small.resize((90, 130), Image.Resampling.BICUBIC).save(folder / "plain.png")
    holes = small.resize((100, 80), Image.Resampling.BICUBIC)
    holes.putalpha(Image.linear_gradient("L").resize(holes.size))
    holes.save(folder / "holes.png")
    Image.fromarray(chance.integers(0, 65_536, (80, 90), dtype=np.uint16)).save(folder / "deep.png")
    return sorted([*folder.glob("*.jpg"), *folder.glob("*.png")])


DEEP = ("r34", "r101", "r152", "pruned50")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Models in both forms, with their code and some pictures; removed afterwards, as they are large."""
    folder = write_models(tmp_path_factory.mktemp("exported"), [name for name in MODELS if name not in DEEP])
    yield folder
    shutil.rmtree(folder)


def write_models(folder, names):
    pictures(folder)
    for name in names:
        card = MODELS[name]
        save(folder / f"{name}.safetensors", trained(card), card, card.unlike and some_reference(card))
        export_pt(folder / f"{name}.safetensors", folder)
        for kind in ("safetensors", "pt"):
            code = export_code(card, kind=kind, file_name=f"{name}.{kind}", language="zh" if kind == "pt" else "en")
            (folder / f"{name}_{kind}.py").write_text(code, encoding="utf-8")
    return folder


RUN_ALL = """
import contextlib, io, json, runpy, sys
from pathlib import Path
import torch
torch.nn.init.kaiming_normal_ = lambda weight, **_: weight  # drawn for nothing, as the file's weights come after
pictures = sorted(path.name for path in [*Path.cwd().glob("*.jpg"), *Path.cwd().glob("*.png")])
sys.argv[1:] = pictures
answers = {}
for script in sorted(Path.cwd().glob("*.py")):
    with contextlib.redirect_stdout(io.StringIO()) as said:
        names = runpy.run_path(str(script), run_name="__main__")
    predict = names["predict"]
    answers[script.stem] = {"said": said.getvalue(), "scores": {name: predict(name) for name in pictures}}
    if "unlike" in names:
        answers[script.stem]["unlike"] = {name: [names["unlike"](name), names["unknown"](name)] for name in pictures}
assert not any(name.startswith("resnet_studio") for name in sys.modules)
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def elsewhere(folder):
    return answers_of(folder)


def answers_of(folder):
    """What the code answers in a fresh Python that sees nothing but installed libraries."""
    command = [sys.executable, "-I", "-X", "utf8", "-c", RUN_ALL]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in MODELS if name not in DEEP])
def test_the_code_gives_the_same_probabilities_as_the_studio(name, folder, elsewhere):
    compare(name, folder, elsewhere)


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize("name", DEEP)
def test_so_does_that_of_deeper_networks(name, tmp_path):
    compare(name, write_models(tmp_path, [name]), answers_of(tmp_path))


def compare(name, folder, elsewhere):
    paths = sorted([*folder.glob("*.jpg"), *folder.glob("*.png")])
    ours = Predictor(folder / f"{name}.safetensors", device="cpu")(paths)
    assert len({answer.scores for answer in ours}) == len(paths), "the pictures do not tell models apart"
    for kind in ("safetensors", "pt"):
        for path, answer in zip(paths, ours, strict=True):
            theirs = dict(map(tuple, elsewhere[f"{name}_{kind}"]["scores"][path.name]))
            assert theirs == pytest.approx(dict(answer.scores), abs=1e-5), (kind, path.name)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["r18", "r50", "joined"])
def test_the_code_says_as_the_studio_does_what_is_unlike_all_training_pictures(name, folder, elsewhere):
    paths = sorted([*folder.glob("*.jpg"), *folder.glob("*.png")])
    ours = Predictor(folder / f"{name}.safetensors", device="cpu")(paths)
    for kind in ("safetensors", "pt"):
        theirs = elsewhere[f"{name}_{kind}"]["unlike"]
        for path, answer in zip(paths, ours, strict=True):
            score, unknown = theirs[path.name]
            assert score == pytest.approx(answer.unlike, abs=1e-4) and unknown == answer.unknown
    assert "unlike" not in elsewhere["r18small_safetensors"]


ODD = odd_files.readable()
READINGS = {
    "before": {},
    "managed": {"colour_managed": True},
    "ranged": {
        "colour_managed": True,
        "ranges": {"uint16": (100, 4095), "int32": (-2000, 3000), "float32": (-0.5, 1.5), "rgb16": (0, 4095)},
    },
}
ASK_ODD = """
import hashlib, json, runpy, sys
from pathlib import Path
answers = {}
for script in sorted(Path.cwd().glob("*.py")):
    code = runpy.run_path(str(script))
    answers[script.stem] = {
        path.name: [code["predict"](str(path)), hashlib.sha256(code["read"](str(path)).tobytes()).hexdigest()]
        for path in sorted(Path("odd").iterdir())
    }
assert not any(name.startswith("resnet_studio") for name in sys.modules)
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """A model for each way of reading, odd files, and what the code says of them in a fresh Python."""
    folder = tmp_path_factory.mktemp("odd")
    (folder / "odd").mkdir()
    for name, data in ODD.items():
        (folder / "odd" / name).write_bytes(data)
    for name, reading in READINGS.items():
        card = replace(MODELS["r18"], dropout=0.0, preprocessing=replace(HOW, **reading))
        save(folder / f"{name}.safetensors", trained(card), card, card.unlike and some_reference(card))
        code = export_code(card, kind="safetensors", file_name=f"{name}.safetensors")
        (folder / f"{name}.py").write_text(code, encoding="utf-8")
    command = [sys.executable, "-I", "-X", "utf8", "-c", ASK_ODD]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    yield folder, json.loads(done.stdout)
    shutil.rmtree(folder)


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize("reading", READINGS)
def test_the_code_reads_odd_files_as_the_studio_does(reading, odd):
    folder, elsewhere = odd
    names = sorted(ODD)
    ours = Predictor(folder / f"{reading}.safetensors", device="cpu")([folder / "odd" / name for name in names])
    for name, answer in zip(names, ours, strict=True):
        scores, digest = elsewhere[reading][name]
        assert dict(map(tuple, scores)) == pytest.approx(dict(answer.scores), abs=1e-5), name
        how = replace(HOW, **READINGS[reading])
        picture = read_picture(folder / "odd" / name, draft_side=how.resize, reading=how.reading)
        assert hashlib.sha256(picture.tobytes()).hexdigest() == digest, name


@pytest.mark.long
@pytest.mark.slow
def test_the_ways_of_reading_differ_where_they_should(odd):
    _, elsewhere = odd

    def same(name: str, first: str, second: str) -> bool:
        return elsewhere[first][name] == elsewhere[second][name]

    for name in ("adobe_rgb.png", "prophoto.tif", "adobe_rgb_alpha.png", "long_profile.png"):
        assert not same(name, "before", "managed"), name
    for name in ("grey12_in_16.png", "signed16.tif", "fractions.tif", "rgb12_in_16.png", "rgb12_in_16.tif"):
        assert not same(name, "managed", "ranged"), name
        assert same(name, "before", "managed"), name
    for name in ("srgb.jpg", "broken_profile.jpg", "turned.png", "alpha.png"):
        assert same(name, "before", "managed") and same(name, "managed", "ranged"), name


@pytest.mark.slow
def test_the_code_run_as_a_script_names_the_class_of_each_picture(elsewhere):
    for answer in elsewhere.values():
        lines = [f"{name}: {scores[0][0]} ({scores[0][1]:.1%})\n" for name, scores in answer["scores"].items()]
        assert answer["said"].replace("none of these, nearest ", "") == "".join(lines)


@pytest.fixture
def small(tmp_path):
    """A sound checkpoint whose linear head was trained with dropout."""
    card = MODELS["r18"]
    save(tmp_path / "best.safetensors", trained(card), card, card.unlike and some_reference(card))
    return tmp_path / "best.safetensors"


@pytest.mark.slow
def test_the_plain_file_loads_into_torchvision_s_own_model(small):
    path = export_pt(small, small.parent)
    assert path == small.with_suffix(".pt")
    model = torchvision.models.resnet18(num_classes=len(CLASSES))
    model.load_state_dict(torch.load(path, weights_only=True))
    batch = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(model.eval()(batch), load(small).model(batch))


@pytest.mark.slow
def test_the_plain_file_can_be_given_a_name_and_replaces_an_old_one(small, tmp_path):
    target = tmp_path / "made" / "cats.pt"
    assert export_pt(small, target) == target
    before = target.read_bytes()
    assert export_pt(small, target).read_bytes() == before
    assert list(target.parent.iterdir()) == [target]


def test_a_damaged_checkpoint_is_not_exported(small, tmp_path):
    with small.open("r+b") as file:
        file.seek(-5, 2)
        file.write(b"\x33")
    with pytest.raises(CheckpointError):
        export_pt(small, tmp_path / "made" / "cats.pt")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", ["safetensors", "pt"])
def test_the_code_imports_nothing_but_torch_torchvision_what_that_brings_and_safetensors(kind, language):
    code = export_code(MODELS["r50"], kind=kind, file_name="a", language=language)
    modules = {line.split()[1].split(".")[0] for line in code.splitlines() if line.startswith(("import", "from"))}
    installed = {"torch", "torchvision", "numpy", "PIL"} | ({"safetensors"} if kind == "safetensors" else set())
    assert modules - sys.stdlib_module_names == installed


@pytest.mark.parametrize("name", ["best.pt", "a\"b'c.pt", "C:\\models\\new.pt", "猫\n.pt", "$(rm).pt"])
def test_odd_file_and_class_names_are_written_as_python_reads_them(name):
    card = replace(MODELS["r18"], classes=(name, *CLASSES))
    code = export_code(card, kind="pt", file_name=name)
    compile(code, "export", "exec")
    start = code.split("CLASSES = ")[1].split("\n\nmodel")[0]
    assert tuple(eval(start)) == card.classes
    assert eval(code.split("torch.load(")[1].split(", map_location")[0]) == name
    assert "\u202e" not in code


def test_a_thousand_classes_take_few_lines():
    card = replace(MODELS["r18"], classes=tuple(f"class number {index}" for index in range(1000)))
    code = export_code(card, kind="pt", file_name="a.pt")
    few = export_code(MODELS["r18"], kind="pt", file_name="a.pt")
    assert max(map(len, code.splitlines())) <= 120 and len(code.splitlines()) < len(few.splitlines()) + 250
