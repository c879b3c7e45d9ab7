import hashlib
import shutil
import socket
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
import torchvision
import web
from safetensors.torch import save_file
from sweeps import few
from torchvision.models import get_model_weights, get_weight

from resnet_studio import download
from resnet_studio.config import TrainConfig
from resnet_studio.download import DownloadError, fetch
from resnet_studio.errors import CheckpointError, WeightsError
from resnet_studio.model import weights
from resnet_studio.model.architecture import ARCHITECTURES, Pretrained, get
from resnet_studio.model.checkpoint import Card, Preprocessing, save
from resnet_studio.model.libraries import TIMM, is_installed
from resnet_studio.model.resnet import build, skeleton
from resnet_studio.model.weights import available, choose, explain, load_into

TORCHVISION_S = [network for network in ARCHITECTURES if network.library is not TIMM]
TIMM_S = [network for network in ARCHITECTURES if network.library is TIMM]


@pytest.fixture(autouse=True)
def hub(tmp_path, monkeypatch):
    """An empty PyTorch cache; the folder that its downloads would be in."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "torch" / "hub" / "checkpoints"


@pytest.fixture(autouse=True)
def no_starter(tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "asset", lambda *parts: tmp_path.joinpath("assets", *parts))


@pytest.fixture(scope="module")
def imagenet():
    """A state dict like torchvision's."""
    torch.manual_seed(1)
    return torchvision.models.resnet18().state_dict()


@pytest.fixture
def starters(tmp_path, imagenet):
    """A folder with a built-in starter as it will be shipped: 200 classes, half precision."""
    folder = tmp_path / "starter"
    folder.mkdir()
    state = {name: value.half() if value.is_floating_point() else value for name, value in imagenet.items()}
    state |= {"fc.weight": torch.zeros(200, 512).half(), "fc.bias": torch.zeros(200).half()}
    save_file(state, folder / "resnet18.safetensors")
    return folder


def cache(hub, *files):
    hub.mkdir(parents=True, exist_ok=True)
    for name in files:
        (hub / name).write_bytes(b"weights")


def keys(choices):
    return [choice.key for choice in choices]


def refusal(kind, *arguments, **named):
    with pytest.raises(kind) as caught:
        load_into(*arguments, **named)
    assert caught.value.sentence("zh")
    return str(caught.value)


@pytest.mark.parametrize("network", TORCHVISION_S, ids=lambda network: network.name)
def test_the_table_of_imagenet_weights_is_torchvision_s(network):
    table = network.weights
    official = {f"imagenet-v{entry.name[-1]}": entry for entry in get_model_weights(network.name)}
    assert table.keys() == official.keys()
    for key, entry in official.items():
        assert get_weight(table[key].entry) is entry
        assert table[key].file == entry.url.rpartition("/")[2]
        assert table[key].megabytes == pytest.approx(entry.meta["_file_size"], abs=0.6)


@pytest.mark.parametrize("network", TORCHVISION_S, ids=lambda network: network.name)
def test_the_first_version_offered_is_torchvision_s_default(network):
    best = get_model_weights(network.name).DEFAULT
    assert network.weights[keys(available(network))[0]].entry == f"{type(best).__name__}.{best.name}"


@pytest.mark.slow
@pytest.mark.parametrize("network", TIMM_S, ids=lambda network: network.name)
def test_the_table_of_timm_s_weights_is_what_timm_takes_by_default(network):
    timm = pytest.importorskip("timm")
    best = timm.get_pretrained_cfg(network.name)
    if best.tag == "untrained":
        assert keys(available(network)) == ["scratch"]
        return
    found = network.weights["imagenet-timm"]
    assert found.entry == f"{network.name}.{best.tag}" and found.file == best.url.rpartition("/")[2]
    assert best.license == "apache-2.0" and best.num_classes == 1000
    stored = sum(value.numel() * value.element_size() for value in skeleton(network, 1000).state_dict().values())
    assert found.megabytes == pytest.approx(stored / 2**20, abs=0.6)


@pytest.mark.slow
def test_weights_of_timm_come_from_the_cache_with_their_preprocessing(hub, monkeypatch):
    timm = pytest.importorskip("timm")
    hub.mkdir(parents=True)
    theirs = timm.create_model("resnet18d", num_classes=1000).state_dict()
    torch.save(theirs, hub / "resnet18d_ra2-48a79e06.pth")
    monkeypatch.setattr(weights, "is_whole", lambda path: path == hub / "resnet18d_ra2-48a79e06.pth")
    model = build("resnet18d", 3)
    origin = load_into(model, "resnet18d", "imagenet")
    assert filled(model, theirs)
    assert (origin.key, origin.name, origin.resize, origin.crop) == (
        "imagenet-timm", "timm resnet18d.ra2_in1k", 256, 224,
    )  # fmt: skip
    assert origin.mean == (0.485, 0.456, 0.406) and origin.detail["license"] == "apache-2.0"


def test_a_network_without_pretrained_weights_says_so(hub):
    choice = explain("auto", "seresnet18")
    assert choice.key == "scratch" and "no pretrained weights for SE-ResNet-18:" in choice.sentence()
    assert "SE-ResNet-18 没有预训练权重" in choice.sentence("zh")
    with pytest.raises(WeightsError, match=r"for SE-ResNet-18; choose one of: auto, scratch, or a file"):
        explain("imagenet", "seresnet18")


@pytest.mark.slow
@few(
    ("held", "wanted", "said"),
    [
        ("resnext50_32x4d", "resnet50", "This is a ResNeXt-50 32x4d with 4 classes"),
        ("resnet50", "wide_resnet50_2", "This is a ResNet-50 with 4 classes"),
        ("seresnet18", "resnet18", "This is a SE-ResNet-18 with 4 classes"),
        ("resnet18d", "seresnet18", "This is a ResNet-18-D with 4 classes"),
    ],
    keep=2,
)
def test_weights_of_another_network_are_refused_with_what_they_are(held, wanted, said, tmp_path):
    if not all(is_installed(get(name).library) for name in (held, wanted)):
        pytest.skip("timm is not installed")
    torch.save(build(held, 4).state_dict(), tmp_path / "weights.pth")
    sentence = refusal(WeightsError, build(wanted, 3), wanted, str(tmp_path / "weights.pth"))
    assert said in sentence and f"set to {get(wanted).title};" in sentence


@pytest.mark.slow
def test_a_deep_stem_and_the_small_stem_are_told_apart(tmp_path):
    pytest.importorskip("timm")
    for stem, other in (("standard", "small"), ("small", "standard")):
        torch.save(build("resnet18d", 4, stem=stem).state_dict(), tmp_path / "weights.pth")
        path = str(tmp_path / "weights.pth")
        assert f"{stem} stem" in refusal(WeightsError, build("resnet18d", 3, stem=other), "resnet18d", path)
        load_into(build("resnet18d", 3, stem=stem), "resnet18d", path)


def test_without_a_starter_file_that_choice_is_absent(starters):
    assert keys(available(18)) == ["imagenet-v1", "scratch"]
    assert keys(available(18, starters=starters)) == ["imagenet-v1", "starter", "scratch"]
    assert keys(available(50, starters=starters)) == ["imagenet-v2", "imagenet-v1", "scratch"]


def test_weights_in_the_cache_of_pytorch_are_usable_now(hub):
    cache(hub, "resnet50-0676ba61.pth")
    assert {choice.key: choice.usable_now for choice in available(50)} == {
        "imagenet-v2": False,
        "imagenet-v1": True,
        "scratch": True,
    }


def test_the_cache_is_where_torch_hub_looks(hub, monkeypatch, tmp_path):
    assert weights.hub_folder() == Path(torch.hub.get_dir()) / "checkpoints" == hub
    monkeypatch.delenv("TORCH_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert weights.hub_folder() == Path(torch.hub.get_dir()) / "checkpoints"


def test_auto_takes_cached_imagenet_then_the_starter_then_scratch(hub, starters):
    assert choose("auto", 18) == "scratch"
    assert choose("auto", 18, starters=starters) == "starter"
    assert choose("auto", 34, starters=starters) == "scratch"
    cache(hub, "resnet18-f37072fd.pth")
    assert choose("auto", 18, starters=starters) == "imagenet-v1"


def test_auto_says_which_and_why(hub, starters):
    assert "ImageNet weights (one download of 98 MB)" in explain("auto", 50).sentence()
    assert "starter" in explain("auto", 18, starters=starters).sentence()
    assert "内置" in explain("auto", 18, starters=starters).sentence("zh")
    cache(hub, "resnet50-11ad3fa6.pth")
    assert "already" in explain("auto", 50).sentence()


def test_every_reason_is_sayable_in_both_languages(hub, starters):
    cache(hub, "resnet18-f37072fd.pth")
    for network in ARCHITECTURES:
        for choice in [*available(network, starters=starters), explain("auto", network, starters=starters)]:
            assert choice.sentence("en") and choice.sentence("zh")


def test_imagenet_takes_the_cached_version_else_the_default(hub):
    assert choose("imagenet", 50) == "imagenet-v2"
    assert choose("imagenet", 18) == "imagenet-v1"
    cache(hub, "resnet50-0676ba61.pth")
    assert choose("imagenet", 50) == "imagenet-v1"


def test_looking_at_what_there_is_never_opens_a_connection(monkeypatch, starters):
    def refuse(*_):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    for network in ARCHITECTURES:
        available(network), choose("auto", network)
        if network.weights:
            choose("imagenet", network)


@pytest.mark.parametrize("name", ["imagenet-v2", "starter", "imagenet21k", "AUTO"])
def test_weights_that_there_are_not_are_refused_with_what_there_is(name):
    with pytest.raises(WeightsError, match=r"choose one of: auto, imagenet, imagenet-v1, scratch"):
        choose(name, 18)


def test_every_choice_can_be_kept_in_a_config(starters):
    for choice in available(18, starters=starters):
        assert TrainConfig(weights=choice.weights).weights == choice.weights
        assert choose(choice.weights, 18, starters=starters) == choice.weights


def test_scratch_leaves_the_model_as_it_was_built():
    model = build(18, 3)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert load_into(model, 18, "scratch").to_json()["key"] == "scratch"
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def filled(model, state):
    return all(torch.equal(value, state[name]) for name, value in model.state_dict().items() if name[:3] != "fc.")


def test_imagenet_weights_come_from_the_cache_with_their_preprocessing(hub, imagenet, monkeypatch):
    hub.mkdir(parents=True)
    torch.save(imagenet, hub / "resnet18-f37072fd.pth")
    monkeypatch.setattr(weights, "is_whole", lambda path: path == hub / "resnet18-f37072fd.pth")
    model = build(18, 3, head="hidden", hidden_units=4)
    head = model.fc[0].weight.clone()
    origin = load_into(model, 18, "imagenet")
    assert filled(model, imagenet) and torch.equal(model.fc[0].weight, head)
    assert (origin.key, origin.resize, origin.crop) == ("imagenet-v1", 256, 224)
    assert origin.mean == (0.485, 0.456, 0.406) and origin.std == (0.229, 0.224, 0.225)
    assert origin.to_json()["detail"]["url"].endswith("resnet18-f37072fd.pth")


def test_weights_from_before_batchnorm_counted_fit(hub, imagenet, monkeypatch):
    hub.mkdir(parents=True)
    torch.save(
        {name: value for name, value in imagenet.items() if "num_batches" not in name}, hub / "resnet18-f37072fd.pth"
    )
    monkeypatch.setattr(weights, "is_whole", lambda path: True)
    model = build(18, 3)
    load_into(model, 18, "imagenet-v1")
    assert filled(model, imagenet)


def test_without_a_network_a_sentence_offers_the_alternatives(monkeypatch, starters):
    monkeypatch.setattr("resnet_studio.download.urlopen", unreachable)
    sentence = refusal(WeightsError, build(18, 3), 18, "imagenet")
    assert "scratch" in sentence and "checkpoint" in sentence and "resnet18-f37072fd.pth" in sentence
    assert "starter" not in sentence
    assert "starter" in refusal(WeightsError, build(18, 3), 18, "imagenet", starters=starters)


def test_a_cache_that_cannot_be_written_gets_a_sentence(hub):
    hub.parent.parent.write_text("a file where the folder should be")
    assert "TORCH_HOME" in refusal(WeightsError, build(18, 3), 18, "imagenet")


def unreachable(*_, **__):
    raise OSError("Network is unreachable")


def test_a_damaged_file_in_the_cache_is_not_believed(hub, monkeypatch):
    cache(hub, "resnet18-f37072fd.pth")
    monkeypatch.setattr("resnet_studio.download.urlopen", unreachable)
    assert "could not be downloaded" in refusal(WeightsError, build(18, 3), 18, "imagenet")


def test_the_starter_fills_everything_but_the_head(starters, imagenet):
    model = build(18, 3)
    head = model.fc.weight.clone()
    origin = load_into(model, 18, "starter", starters=starters)
    assert filled(model, {name: value.half().to(value.dtype) for name, value in imagenet.items()})
    assert torch.equal(model.fc.weight, head)
    assert (origin.key, origin.crop) == ("starter", 96)


@pytest.mark.parametrize("name", ["starter", "imagenet-v1"])
def test_pretrained_weights_do_not_fit_the_small_stem(name, hub, starters, imagenet, monkeypatch):
    hub.mkdir(parents=True)
    torch.save(imagenet, hub / "resnet18-f37072fd.pth")
    monkeypatch.setattr(weights, "is_whole", lambda path: True)
    model = build(18, 3, stem="small")
    assert "standard stem" in refusal(WeightsError, model, 18, name, starters=starters)
    assert explain(name, 18, starters=starters).stem == "standard"


CLASSES = ("cat", "dog", "猫")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A checkpoint of the studio with its own mean, its path and its weights."""
    torch.manual_seed(2)
    path = tmp_path_factory.mktemp("trained") / "best.safetensors"
    state = build(18, 3, dropout=0.2).state_dict()
    how = Preprocessing(72, 64, mean=(0.5, 0.4, 0.3))
    save(path, state, Card(classes=CLASSES, depth=18, dropout=0.2, preprocessing=how, run="earlier"))
    return path, state


@pytest.mark.slow
def test_a_checkpoint_for_the_same_classes_gives_its_head_too(trained):
    path, state = trained
    model = build(18, 3)
    origin = load_into(model, 18, str(path), classes=CLASSES)
    assert filled(model, state) and torch.equal(model.fc.weight, state["fc.1.weight"])
    assert torch.equal(model.fc.bias, state["fc.1.bias"])
    assert origin.mean == (0.5, 0.4, 0.3) and origin.detail["head"] and origin.detail["run"] == "earlier"


@pytest.mark.slow
@pytest.mark.parametrize("classes", [("cat", "dog", "mouse"), ("dog", "cat", "猫"), None])
def test_a_checkpoint_for_other_classes_gives_its_body_alone(classes, trained):
    path, state = trained
    model = build(18, 3)
    head = model.fc.weight.clone()
    assert not load_into(model, 18, str(path), classes=classes).detail["head"]
    assert filled(model, state) and torch.equal(model.fc.weight, head)


def test_a_checkpoint_with_another_head_gives_its_body_alone(trained):
    path, state = trained
    model = build(18, 3, head="hidden", hidden_units=4)
    assert not load_into(model, 18, str(path), classes=CLASSES).detail["head"]
    assert filled(model, state)


@pytest.mark.slow
def test_a_checkpoint_of_another_depth_is_refused_with_what_it_is(trained):
    model = build(34, 3)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    sentence = refusal(WeightsError, model, 34, str(trained[0]))
    assert "This is a ResNet-18 with 3 classes" in sentence and "ResNet-34" in sentence
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.slow
def test_a_checkpoint_with_the_small_stem_says_so_before_and_after(tmp_path):
    path = tmp_path / "small.safetensors"
    how = Preprocessing(32, 32)
    save(
        path, build(18, 3, stem="small").state_dict(), Card(classes=CLASSES, depth=18, stem="small", preprocessing=how)
    )
    assert explain(str(path), 18).stem == "small"
    assert "small stem" in refusal(WeightsError, build(18, 3), 18, str(path))
    load_into(build(18, 3, stem="small"), 18, str(path))


def test_a_damaged_checkpoint_is_no_starting_weights(trained, tmp_path):
    path = tmp_path / "copy.safetensors"
    shutil.copyfile(trained[0], path)
    with path.open("r+b") as file:
        file.seek(-3, 2)
        file.write(b"\x55")
    assert "damaged" in refusal(CheckpointError, build(18, 3), 18, str(path))


def test_a_checkpoint_whose_mark_is_damaged_does_not_pass_for_plain_weights(trained, tmp_path):
    path = tmp_path / "copy.safetensors"
    content = trained[0].read_bytes()
    path.write_bytes(content.replace(b"resnet_studio", b"resnet_studip", 1))
    assert "damaged" in refusal(CheckpointError, build(18, 3), 18, str(path))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["plain.pt", "plain.safetensors"])
def test_a_plain_torchvision_state_dict_gives_its_body(name, imagenet, tmp_path):
    path = tmp_path / name
    (save_file if name.endswith("safetensors") else torch.save)(imagenet, path)
    model = build(18, 3)
    load_into(model, 18, str(path), classes=CLASSES)
    assert filled(model, imagenet)
    assert "ResNet-18 with 1,000 classes" in refusal(WeightsError, build(50, 3), 50, str(path))
    save_file(
        {key: value for key, value in imagenet.items() if not key.startswith("fc.")}, tmp_path / "body.safetensors"
    )
    said = refusal(WeightsError, build(50, 3), 50, str(tmp_path / "body.safetensors"))  # as `pretrain` writes it
    assert "ResNet-18 without its head" in said and "classes" not in said


@pytest.mark.slow
@few(
    "change",
    [{"conv1.weight": None}, {"layer1.0.conv1.weight": torch.zeros(64, 64, 1, 1)}, {"extra.weight": torch.zeros(1)}],
    ids=str,
    keep=2,
)
def test_weights_that_nearly_fit_change_nothing(change, imagenet, tmp_path):
    state = {name: value for name, value in {**imagenet, **change}.items() if value is not None}
    torch.save(state, tmp_path / "plain.pt")
    model = build(18, 3)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert "torchvision" in refusal(WeightsError, model, 18, str(tmp_path / "plain.pt"))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_a_missing_file_is_named_without_its_folder(tmp_path):
    with pytest.raises(WeightsError, match=r"^The starting weights best\.safetensors are not there"):
        choose(str(tmp_path / "best.safetensors"), 18)


BODY = bytes(range(256)) * 4096


class Site(BaseHTTPRequestHandler):
    """What a download can meet."""

    def do_GET(self):
        if self.path == "/gone":
            self.send_error(404)
            return
        self.send_response(200)
        short = self.path.startswith("/short")
        self.send_header("Content-Length", str(len(BODY) + short))
        self.end_headers()
        self.wfile.write(BODY[:100_000])
        if self.path.startswith("/silent"):
            self.server.quiet.wait(5)
        else:
            self.wfile.write(BODY[100_000:])

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site():
    """Address of a web server on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.quiet = threading.Event()
    with web.answering(server):
        yield f"http://127.0.0.1:{server.server_port}"
        server.quiet.set()


@pytest.fixture
def target(tmp_path):
    """Where a download of ``BODY`` goes: named by its digest."""
    return tmp_path / "hub" / f"resnet-{hashlib.sha256(BODY).hexdigest()[:8]}.pth"


def test_a_download_reports_its_progress_and_arrives_whole(site, target):
    seen = []
    fetch(f"{site}/file", target, progress=lambda done, total: seen.append((done, total)))
    assert target.read_bytes() == BODY and download.is_whole(target)
    assert seen[-1] == (len(BODY), len(BODY)) and len(seen) > 1 and seen == sorted(seen)
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("page", ["gone", "short", "silent"])
def test_a_download_that_fails_leaves_nothing(page, site, target):
    with pytest.raises(DownloadError):
        fetch(f"{site}/{page}", target, timeout_seconds=0.2)
    assert list(target.parent.iterdir()) == []


def test_a_download_of_something_else_leaves_nothing(site, target):
    target = target.with_name("resnet-00000000.pth")
    with pytest.raises(DownloadError, match="damaged"):
        fetch(f"{site}/file", target)
    assert list(target.parent.iterdir()) == []


def test_a_download_without_a_network_fails_at_once(target):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(DownloadError):
            fetch(f"http://127.0.0.1:{taken.getsockname()[1]}/file", target, timeout_seconds=1)


def test_what_progress_raises_ends_a_download_and_leaves_the_old_file(site, target):
    target.parent.mkdir()
    target.write_bytes(b"old")

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(f"{site}/file", target, progress=stop)
    assert [(path, path.read_bytes()) for path in target.parent.iterdir()] == [(target, b"old")]


def test_what_a_killed_download_left_long_ago_is_removed(site, target):
    import os

    target.parent.mkdir()
    old, new = (target.with_name(f".{target.name}.{name}.tmp") for name in ("old", "new"))
    old.touch(), new.touch()
    os.utime(old, (0, 0))
    fetch(f"{site}/file", target)
    assert not old.exists() and new.exists()


def test_two_downloads_at_once_both_arrive(site, target):
    threads = [threading.Thread(target=fetch, args=(f"{site}/file", target)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert target.read_bytes() == BODY and list(target.parent.iterdir()) == [target]


def test_imagenet_weights_are_downloaded_once_into_the_cache(site, hub, imagenet, monkeypatch):
    file = f"resnet18-{hashlib.sha256(BODY).hexdigest()[:8]}.pth"
    published = Pretrained("ResNet18_Weights.IMAGENET1K_V1", file, 45)
    network = replace(get(18), weights={"imagenet-v1": published})
    asked = []
    monkeypatch.setattr(
        weights, "fetch", lambda url, path, **named: (asked.append(url), fetch(f"{site}/file", path, **named))
    )
    monkeypatch.setattr(torch, "load", lambda path, **named: imagenet if named["weights_only"] else None)
    seen = []
    for _ in range(2):
        load_into(build(18, 3), network, "imagenet", progress=lambda *numbers: seen.append(numbers))
    assert asked == ["https://download.pytorch.org/models/resnet18-f37072fd.pth"]
    assert (hub / file).read_bytes() == BODY and seen[-1] == (len(BODY), len(BODY))
