import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from torch import nn
from waiting import wait_for

from resnet_studio import prediction
from resnet_studio.data.pictures import read_picture
from resnet_studio.errors import CheckpointError, ConfigError, DataError, StudioError
from resnet_studio.evaluation.heatmaps import heat_maps
from resnet_studio.model.checkpoint import Card, Checkpoint, Preprocessing, load, preprocess, save
from resnet_studio.model.resnet import build
from resnet_studio.prediction import Prediction, Predictor

HOW = Preprocessing(resize=40, crop=32, mean=(0.5, 0.45, 0.4))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A model whose answers differ from picture to picture."""
    torch.manual_seed(3)
    model = build(18, 4)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.3, 0.8)
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.3)
    path = tmp_path_factory.mktemp("model") / "best.safetensors"
    save(path, model.state_dict(), Card(classes=("a", "b", "c", "d"), depth=18, preprocessing=HOW))
    return path


@pytest.fixture(scope="module")
def predictor(checkpoint):
    return Predictor(checkpoint, device="cpu", batch_size=4)


def drawing(seed=0, size=(60, 50)):
    noise = np.random.default_rng(seed).integers(0, 256, (6, 5, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)


@pytest.fixture
def files(tmp_path):
    """Ten pictures that differ."""
    paths = [tmp_path / f"{seed}.png" for seed in range(10)]
    for seed, path in enumerate(paths):
        drawing(seed).save(path)
    return paths


def near(first, second, tolerance=1e-5):
    return dict(first.scores) == pytest.approx(dict(second.scores), abs=tolerance)


def test_scores_are_all_classes_best_first_and_add_up_to_one(predictor, files):
    answer = predictor(files[:1])[0]
    assert isinstance(answer, Prediction)
    values = [probability for _, probability in answer.scores]
    assert {label for label, _ in answer.scores} == {"a", "b", "c", "d"}
    assert values == sorted(values, reverse=True) and sum(values) == pytest.approx(1)
    assert (answer.label, answer.probability) == answer.scores[0]


def test_the_answer_is_the_model_s_on_the_preprocessed_picture(checkpoint, predictor, files):
    model = load(checkpoint).model
    with torch.no_grad():
        logits = model(preprocess(read_picture(files[0]), HOW)[None])
    expected = dict(zip("abcd", logits.softmax(1)[0].tolist(), strict=True))
    assert dict(predictor(files[:1])[0].scores) == pytest.approx(expected, abs=1e-5)


def test_many_pictures_are_answered_in_their_order(predictor, files):
    together = predictor(files)
    alone = [predictor([path])[0] for path in files]
    assert len({answer.scores for answer in alone}) == len(files)
    assert all(near(one, other) for one, other in zip(together, alone, strict=True))


def test_no_pictures_give_no_answers(predictor):
    assert predictor([]) == []


def test_bad_pictures_give_their_error_in_place(predictor, files, tmp_path):
    (tmp_path / "text.jpg").write_text("not a picture")
    (tmp_path / "cut.png").write_bytes(files[0].read_bytes()[:60])
    bad = [tmp_path / "text.jpg", tmp_path / "missing.png", tmp_path / "cut.png", tmp_path]
    answers = predictor([bad[0], *files, *bad[1:]])
    assert all(isinstance(answer, Prediction) for answer in answers[1:11])
    errors = [answers[0], *answers[11:]]
    for path, error in zip(bad, errors, strict=True):
        assert isinstance(error, DataError) and path.name in error.sentence("en") and error.sentence("zh")
    assert all(isinstance(answer, StudioError) for answer in predictor(bad))


def test_a_picture_in_memory_gives_the_same_as_its_file(predictor, files):
    with Image.open(files[0]) as picture:
        assert predictor([picture])[0] == predictor([files[0]])[0]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "F"])
def test_a_picture_in_memory_of_any_mode_is_read_like_its_file(mode, predictor, tmp_path):
    if mode == "I;16":
        picture = Image.fromarray(np.random.default_rng(0).integers(0, 65_536, (40, 50), dtype=np.uint16))
    else:
        picture = drawing().convert(mode)
    if "A" in mode:
        picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    file = tmp_path / ("a.tif" if mode in {"CMYK", "F"} else "a.png")
    picture.save(file)
    assert near(predictor([picture])[0], predictor([file])[0])


@pytest.mark.parametrize("mode", ["YCbCr", "HSV"])
def test_a_picture_in_memory_in_other_colours_is_read_as_rgb(mode, predictor):
    picture = drawing().convert(mode)
    assert near(predictor([picture])[0], predictor([picture.convert("RGB")])[0])


def test_what_is_transparent_in_a_drawing_counts_as_white(predictor):
    canvas = Image.new("RGBA", (80, 80), (0, 0, 0, 0))
    ImageDraw.Draw(canvas).line((10, 10, 70, 60), fill=(0, 0, 0, 255), width=6)
    paper = Image.new("RGB", (80, 80), "white")
    ImageDraw.Draw(paper).line((10, 10, 70, 60), fill="black", width=6)
    assert near(predictor([canvas])[0], predictor([paper])[0])


def test_pictures_are_turned_upright_by_their_exif(predictor, tmp_path):
    upright, exif = drawing(5, (64, 40)), Image.Exif()
    exif[0x0112] = 6
    turned = upright.transpose(Image.Transpose.ROTATE_90)
    turned.save(tmp_path / "turned.png", exif=exif)
    expected = predictor([upright])[0]
    assert near(predictor([tmp_path / "turned.png"])[0], expected)
    with Image.open(tmp_path / "turned.png") as opened:
        assert near(predictor([opened])[0], expected)


def test_a_broken_picture_in_memory_gives_its_error_in_place(predictor, files):
    cut = Image.open(BytesReader(files[0].read_bytes()[:-40]))
    answers = predictor([cut, drawing(), Image.new("RGB", (0, 5))])
    assert isinstance(answers[0], DataError) and isinstance(answers[2], DataError)
    assert isinstance(answers[1], Prediction)


def BytesReader(content):  # noqa: N802
    from io import BytesIO

    return BytesIO(content)


def test_of_a_very_long_picture_only_the_middle_is_resized(monkeypatch):
    from torchvision.transforms import functional

    real = functional.resize

    def checked(picture, *arguments, **named):
        assert max(picture.size) < 100, "resized as a whole it would take 24 GB"
        return real(picture, *arguments, **named)

    monkeypatch.setattr(functional, "resize", checked)
    long = Image.new("RGB", (60_000, 2), "red")
    long.paste("blue", (29_998, 0, 30_002, 2))
    middle = preprocess(long, Preprocessing(512, 512, mean=(0, 0, 0), std=(1, 1, 1)))[:, 256, 256]
    assert middle.tolist() == [0, 0, 1]


def test_preprocessing_is_torchvision_s():
    from torchvision import transforms

    theirs = transforms.Compose(
        [
            transforms.Resize(40),
            transforms.CenterCrop(32),
            transforms.ToTensor(),
            transforms.Normalize(HOW.mean, HOW.std),
        ]
    )
    for size in [(60, 50), (40, 40), (33, 70), (700, 23), (1, 1), (20, 30)]:
        ours = preprocess(drawing(1, size), HOW)
        assert ours.shape == (3, 32, 32) and ours.dtype == torch.float32
        assert torch.equal(ours, theirs(drawing(1, size)))


@pytest.mark.slow
def test_many_threads_may_ask_at_once(predictor, files):
    expected = predictor(files)
    answers = {}

    def ask(index):
        answers[index] = predictor(files)

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    for answer in answers.values():
        assert all(near(one, other) for one, other in zip(answer, expected, strict=True))


def test_who_waits_is_answered_together_with_the_others(predictor, files, monkeypatch):
    alone = [predictor([file])[0].scores for file in files]
    sizes, first_in, go_on = [], threading.Event(), threading.Event()
    computed = predictor.compute

    def slow(batch):
        sizes.append(len(batch))
        first_in.set()
        assert go_on.wait(20)
        return computed(batch)

    monkeypatch.setattr(predictor, "compute", slow)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(predictor, [files[0]])
        assert first_in.wait(20)
        others = [pool.submit(predictor, [files[index % len(files)]]) for index in range(6)]
        wait_for(lambda: predictor.waiting == 6)
        go_on.set()
        answers = [future.result()[0].scores for future in others]
        assert first.result()[0].label == alone[0][0][0]
    assert sizes[0] == 1 and sum(sizes) == 7 and len(sizes) <= 3
    for index, scores in enumerate(answers):
        for (name, value), (other, wanted) in zip(scores, alone[index % len(files)], strict=True):
            assert name == other and value == pytest.approx(wanted, abs=1e-5)


def test_few_pictures_are_computed_by_one_thread_and_others_keep_theirs(predictor, files):
    seen, elsewhere = [], []
    before = torch.get_num_threads()

    def note(*_):
        seen.append(torch.get_num_threads())
        with ThreadPoolExecutor(1) as fresh:
            elsewhere.append(fresh.submit(torch.get_num_threads).result())

    torch.set_num_threads(2)
    hook = predictor.model.conv1.register_forward_hook(note)
    try:
        predictor(files[:1])
        next(iter(heat_maps(predictor, [drawing()])))
        predictor(files[:4])
        assert seen == [1, 1, 2] and elsewhere == [2, 2, 2] and torch.get_num_threads() == 2
    finally:
        hook.remove()
        torch.set_num_threads(before)


def test_predicting_draws_no_random_numbers_and_keeps_no_graph(predictor, checkpoint, files):
    before = torch.get_rng_state()
    Predictor(load(checkpoint), device="cpu")(files[:2])
    assert torch.equal(torch.get_rng_state(), before)


def test_precision_is_fp32_even_inside_someone_s_autocast(predictor, files):
    expected = predictor(files[:1])[0]
    with torch.autocast("cpu", torch.bfloat16):
        assert near(predictor(files[:1])[0], expected)


def test_a_device_that_is_not_there_is_refused(checkpoint):
    with pytest.raises(ConfigError):
        Predictor(checkpoint, device="tpu-9")


def test_a_damaged_checkpoint_is_refused(checkpoint, tmp_path):
    path = tmp_path / "cut.safetensors"
    path.write_bytes(checkpoint.read_bytes()[:-1])
    with pytest.raises(CheckpointError):
        Predictor(path)
    with pytest.raises(CheckpointError):
        Predictor(Path(tmp_path / "missing.safetensors"))


def test_a_model_whose_answers_are_no_numbers_says_so(tmp_path, files):
    model = build(18, 2)
    with torch.no_grad():
        model.fc.weight.fill_(1e38)
        model.bn1.bias.fill_(1e3)
    path = tmp_path / "a.safetensors"
    save(path, model.state_dict(), Card(classes=("a", "b"), depth=18, preprocessing=HOW))
    error = Predictor(path, device="cpu")(files[:1])[0]
    assert isinstance(error, CheckpointError) and "not a number" in str(error)


def test_beside_a_training_on_metal_predictions_are_computed_on_the_cpu(checkpoint, files, monkeypatch):
    monkeypatch.setattr(prediction, "choose_device", lambda name: torch.device("mps"))
    assert Predictor(checkpoint)(files[:1])[0].label


def test_logits_and_features_are_those_of_the_network(checkpoint, predictor, files):
    model = load(checkpoint).model
    batch = torch.stack([preprocess(read_picture(file), HOW) for file in files])
    with torch.no_grad():
        wanted = {"logits": model(batch)}
        maps = batch
        for name, module in list(model.named_children())[:-2]:
            maps = module(maps)
            wanted[{"maxpool": "stem"}.get(name, name)] = maps.mean((2, 3))
    found = predictor.activations(files, stages=("stem", "layer1", "layer2", "layer3", "layer4"))
    assert found.places == tuple(range(10)) and not found.errors
    assert torch.allclose(found.logits, wanted["logits"], atol=1e-4)
    assert torch.allclose(found.features, wanted["layer4"], atol=1e-4)
    assert found.features.shape == (10, 512) and found.stages["stem"].shape == (10, 64)
    for stage, values in found.stages.items():
        assert torch.allclose(values, wanted[stage], atol=1e-4), stage
    assert torch.allclose(model.fc(found.features), found.logits, atol=1e-4)


def test_labels_follow_from_the_logits(predictor, files):
    found = predictor.activations(files[:3])
    for answer, row in zip(predictor(files[:3]), found.probabilities.tolist(), strict=True):
        assert dict(answer.scores) == pytest.approx(dict(zip("abcd", row, strict=True)), abs=1e-5)


@pytest.mark.slow
def test_probabilities_are_at_the_temperature_of_the_card_and_logits_are_not(checkpoint, predictor, files):
    loaded = load(checkpoint)
    warm = Predictor(Checkpoint(loaded.model, replace(loaded.card, temperature=2.5)), device="cpu")
    logits = warm.activations(files).logits
    assert torch.allclose(logits, predictor.activations(files).logits, atol=1e-4)
    wanted = torch.softmax(logits.double() / 2.5, 1).tolist()
    for answer, before, row in zip(warm(files), predictor(files), wanted, strict=True):
        assert dict(answer.scores) == pytest.approx(dict(zip("abcd", row, strict=True)), abs=1e-6)
        assert answer.label == before.label and answer.probability < before.probability
    assert torch.allclose(warm.activations(files).probabilities, torch.tensor(wanted, dtype=torch.double), atol=1e-6)


def test_pictures_that_cannot_be_used_have_no_row(predictor, files, tmp_path):
    (tmp_path / "text.jpg").write_text("not a picture")
    bad = tmp_path / "text.jpg"
    found = predictor.activations([bad, *files[:5], bad, files[5]])
    assert found.places == (1, 2, 3, 4, 5, 7) and sorted(found.errors) == [0, 6]
    assert torch.allclose(found.logits, predictor.activations(files[:6]).logits, atol=1e-5)


@pytest.mark.parametrize("given", [[], ["text.jpg"]])
def test_no_pictures_give_no_rows_of_the_right_width(predictor, tmp_path, given):
    (tmp_path / "text.jpg").write_text("not a picture")
    found = predictor.activations([tmp_path / name for name in given], stages=("layer3",))
    assert found.logits.shape == (0, 4) and found.features.shape == (0, 512)
    assert found.stages["layer3"].shape == (0, 256) and len(found.errors) == len(given)


def test_a_stage_that_there_is_not_is_refused(predictor, files):
    with pytest.raises(ValueError, match="layer9"):
        predictor.activations(files[:1], stages=("layer9",))


@pytest.mark.slow
def test_features_of_a_hidden_head_are_what_goes_into_it(tmp_path, files):
    model = build(18, 2, head="hidden", hidden_units=16)
    path = tmp_path / "hidden.safetensors"
    card = Card(classes=("a", "b"), depth=18, head="hidden", hidden_units=16, preprocessing=HOW)
    save(path, model.state_dict(), card)
    found = Predictor(path, device="cpu").activations(files[:2])
    assert found.features.shape == (2, 512)
    assert torch.allclose(load(path).model.fc(found.features), found.logits, atol=1e-4)


def test_nothing_stays_hooked_into_the_network(predictor, files):
    predictor.activations(files[:2], stages=("layer1",))
    hooks = [module for module in predictor.model.modules() if module._forward_hooks or module._forward_pre_hooks]
    assert hooks == []
