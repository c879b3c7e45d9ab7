import codecs
import io
import json
import os
import pickle
import random
import shutil
import struct
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from resnet_studio.errors import CheckpointError, StudioError
from resnet_studio.model import checkpoint
from resnet_studio.model.card import VERSION, header_text
from resnet_studio.model.checkpoint import Card, Preprocessing, import_checkpoint, load, read_card, save
from resnet_studio.model.header import METADATA_KEY
from resnet_studio.model.resnet import build
from resnet_studio.model.state import plain_state
from resnet_studio.workspace import Workspace

pytestmark = pytest.mark.usefixtures("narrow")
CARD = Card(
    classes=("猫", "<b>dog</b>", "a/b \u202e"),
    depth=18,
    preprocessing=Preprocessing(resize=40, crop=32),
    freeze="layer3",
    weights_origin={"key": "scratch", "mean": [0.5, 0.5, 0.5]},
    metrics={"validation_accuracy": 0.75, "loss": float("nan")},
    created="2025-01-02T03:04:05+00:00",
    run="a-run",
)


@pytest.fixture(scope="module")
def state(narrow):
    torch.manual_seed(0)
    return build(18, 3).state_dict()


@pytest.fixture(scope="module")
def sound(state, tmp_path_factory):
    """A sound checkpoint; tests that change it take a copy."""
    path = tmp_path_factory.mktemp("sound") / "best.safetensors"
    save(path, state, CARD)
    return path


@pytest.fixture
def copy(sound, tmp_path):
    path = tmp_path / "copy.safetensors"
    shutil.copyfile(sound, path)
    return path


def crafted(path, tensors, card=CARD, change=None):
    """A file whose digests are right, whatever its content."""
    text = header_text(card)
    if change:
        values = json.loads(text)
        change(values)
        text = json.dumps(values)
    save_file(tensors, path, metadata={METADATA_KEY: text})
    checkpoint.write_digests(path)
    return path


def by_hand(path, header, data=b""):
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(raw)) + raw + data)
    return path


def refusal(function, *arguments):
    """The key of the sentence that ``function`` refuses with; the sentence itself must be sayable in both languages."""
    with pytest.raises(CheckpointError) as caught:
        function(*arguments)
    assert caught.value.sentence("en") and caught.value.sentence("zh")
    return caught.value.key.removeprefix("error.checkpoint.")


def test_a_saved_model_comes_back_to_the_last_bit(sound, state):
    loaded = load(sound)
    assert loaded.card == replace(CARD, sha256=loaded.card.sha256, metrics={"validation_accuracy": 0.75, "loss": None})
    back = loaded.model.state_dict()
    assert back.keys() == state.keys()
    assert all(torch.equal(back[name], state[name]) and back[name].is_contiguous() for name in state)
    assert not loaded.model.training


def test_a_temperature_comes_back_and_no_temperature_leaves_the_file_as_it_was(state, tmp_path):
    path = tmp_path / "a.safetensors"
    save(path, state, replace(CARD, temperature=1.375))
    assert load(path).card.temperature == read_card(path).temperature == 1.375
    assert "temperature" not in CARD.to_json() and Card.from_json(CARD.to_json()).temperature == 1
    for wrong in (0, -1, True, "2", float("nan"), float("inf"), 1e9):
        with pytest.raises(ValueError, match="temperature"):
            replace(CARD, temperature=wrong)


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings", [{"head": "hidden", "hidden_units": 5, "dropout": 0.2}, {"dropout": 0.5}, {"stem": "small"}]
)
def test_every_kind_of_head_and_stem_comes_back(settings, tmp_path):
    model = build(18, 3, **settings).eval()
    save(tmp_path / "a.safetensors", model.state_dict(), replace(CARD, **settings))
    pictures = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(load(tmp_path / "a.safetensors").model(pictures), model(pictures))


def test_weights_are_kept_as_contiguous_fp32_whatever_they_were(state, tmp_path):
    changed = {name: value.double() if value.is_floating_point() else value for name, value in state.items()}
    changed["conv1.weight"] = changed["conv1.weight"].to(memory_format=torch.channels_last)
    save(tmp_path / "a.safetensors", changed, CARD)
    kept = load(tmp_path / "a.safetensors").model.conv1.weight
    assert kept.dtype == torch.float32 and kept.is_contiguous() and torch.equal(kept, state["conv1.weight"])


def test_views_of_one_shared_buffer_are_saved_like_any_weights(state, tmp_path):
    shared = torch.cat([state["bn1.weight"], state["bn1.bias"]])
    width = len(shared) // 2
    changed = {**state, "bn1.weight": shared[:width], "bn1.bias": shared[width:]}
    save(tmp_path / "a.safetensors", changed, CARD)
    assert torch.equal(load(tmp_path / "a.safetensors").model.bn1.bias, state["bn1.bias"])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_checkpoint_may_be_read_by_whom_other_new_files_may_be_read(sound):
    other = sound.with_name("other")
    other.touch()
    assert sound.stat().st_mode == other.stat().st_mode


def test_loading_draws_no_random_numbers(sound):
    before = torch.get_rng_state()
    load(sound)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_loaded_model_does_not_hold_its_file(copy):
    model = load(copy).model
    with copy.open("r+b") as file:
        file.truncate(10)
    assert torch.isfinite(model.conv1.weight).all()


def test_the_card_is_read_without_the_tensors(sound, tmp_path):
    card = read_card(sound)
    assert card.classes == CARD.classes and card.preprocessing == CARD.preprocessing and card.run == "a-run"


def test_the_file_is_a_plain_safetensors_file(sound, state):
    from safetensors.torch import load_file

    assert torch.equal(load_file(sound)["fc.weight"], state["fc.weight"])


def test_the_card_names_the_digest_of_the_tensor_data(sound):
    import hashlib

    content = sound.read_bytes()
    begin = 8 + int.from_bytes(content[:8], "little")
    assert read_card(sound).sha256 == hashlib.sha256(content[begin:]).hexdigest()


def test_class_names_that_are_not_unicode_are_kept(state, tmp_path):
    names = ("a\udcff", "b", '","sha256": "')
    save(tmp_path / "a.safetensors", state, replace(CARD, classes=names))
    assert load(tmp_path / "a.safetensors").card.classes == names


@pytest.mark.slow
def test_ten_thousand_long_class_names_are_kept(tmp_path):
    names = tuple(f"{index:05} " + "类" * 80 for index in range(10_000))
    save(tmp_path / "a.safetensors", build(18, 10_000).state_dict(), replace(CARD, classes=names))
    assert read_card(tmp_path / "a.safetensors").classes == names


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_weights_that_are_not_finite_never_replace_a_good_checkpoint(value, copy, state):
    before = copy.read_bytes()
    broken = {**state, "layer2.0.bn1.bias": torch.full_like(state["layer2.0.bn1.bias"], value)}
    assert refusal(save, copy, broken, CARD) == "not_saved"
    assert copy.read_bytes() == before
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]


def test_weights_of_another_model_are_not_saved_under_a_card(state, tmp_path):
    with pytest.raises(ValueError, match="card"):
        save(tmp_path / "a.safetensors", state, replace(CARD, classes=("a", "b")))
    assert not list(tmp_path.iterdir())


def flipped(path, position, bits):
    with path.open("r+b") as file:
        file.seek(position)
        byte = file.read(1)[0]
        file.seek(position)
        file.write(bytes([byte ^ bits]))


def test_a_flipped_byte_in_the_header_is_refused_wherever_it_is(copy):
    chance = random.Random(0)
    size = 8 + int.from_bytes(copy.read_bytes()[:8], "little")
    places = [*range(60), *range(size - 20, size), *chance.sample(range(60, size - 20), 400)]
    for place in places:
        bits = chance.randrange(1, 256)
        flipped(copy, place, bits)
        assert refusal(read_card, copy) == "damaged", (place, bits)
        flipped(copy, place, bits)
    assert read_card(copy).run == "a-run"


@pytest.mark.slow
def test_a_flipped_byte_in_the_weights_is_refused_wherever_it_is(copy):
    begin = 8 + int.from_bytes(copy.read_bytes()[:8], "little")
    end = copy.stat().st_size
    for place in (begin, begin + 5, (begin + end) // 2, end - 1):
        flipped(copy, place, 1)
        assert refusal(load, copy) == refusal(plain_state, copy) == "damaged", place
        flipped(copy, place, 1)
    assert load(copy) and plain_state(copy)


@pytest.mark.parametrize("kept", [0, 1, 7, 8, 9, 1000, -4096, -1])
def test_a_file_cut_short_is_damaged(copy, kept):
    with copy.open("r+b") as file:
        file.truncate(kept if kept >= 0 else copy.stat().st_size + kept)
    assert refusal(load, copy) == refusal(read_card, copy) == "damaged"


def test_one_cut_short_is_damaged_also_where_its_header_is_as_long_as_a_pickle_s_first_byte_says(tmp_path):
    crafted(tmp_path / "long.safetensors", {}, change=lambda card: card.update(extra="."))
    length = int.from_bytes((tmp_path / "long.safetensors").read_bytes()[:8], "little")
    filling = "." * ((0x80 - length) % 256 + 1)
    path = crafted(tmp_path / "cut.safetensors", {}, change=lambda card: card.update(extra=filling))
    assert path.read_bytes()[0] == 0x80
    path.write_bytes(path.read_bytes()[:100])
    assert refusal(load, path) == refusal(read_card, path) == "damaged"


def test_a_file_with_something_behind_it_is_damaged(copy):
    with copy.open("ab") as file:
        file.write(b"\0")
    assert refusal(load, copy) == "damaged"


TENSOR = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


@pytest.mark.parametrize(
    ("header", "data"),
    [
        (b"", b""),
        (b"[]", b""),
        (b"null", b""),
        (b"{" * 5000, b""),
        (b"[" * 200_000, b""),
        (b'{"a":' * 100_000, b""),
        (b"[" + b"[]," * 1_000_000 + b"0]", b""),
        (b'{"a": NaN}', b""),
        (b"\xff\xfe", b""),
        ({"a": 1}, b""),
        ({"a": None}, b""),
        ({"a": {**TENSOR, "dtype": "PICKLE"}}, b"\0" * 8),
        ({"a": {**TENSOR, "dtype": []}}, b"\0" * 8),
        ({"a": {**TENSOR, "shape": [10_000_000_000]}}, b"\0" * 8),
        ({"a": {**TENSOR, "shape": [2**62, 2**62]}}, b"\0" * 8),
        ({"a": {**TENSOR, "shape": [-2]}}, b"\0" * 8),
        ({"a": {**TENSOR, "shape": ["2"]}}, b"\0" * 8),
        ({"a": {**TENSOR, "shape": [True, 2]}}, b"\0" * 8),
        ({"a": {**TENSOR, "shape": [2.0]}}, b"\0" * 8),
        ({"a": {**TENSOR, "data_offsets": [0, 8, 9]}}, b"\0" * 8),
        ({"a": {**TENSOR, "data_offsets": [8, 0]}}, b"\0" * 8),
        ({"a": {**TENSOR, "data_offsets": [4, 12]}}, b"\0" * 12),
        ({"a": TENSOR, "b": TENSOR}, b"\0" * 8),
        ({"a": TENSOR}, b"\0" * 9),
        (b'{"a": {}, "a": {"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', b"\0" * 8),
        ({"__metadata__": []}, b""),
        ({"__metadata__": {"resnet_studio": 5}}, b""),
        ({"__metadata__": {"resnet_studio": "{}"}}, b""),
        ({"__metadata__": {"resnet_studio": "[" * 100_000}}, b""),
    ],
)
def test_a_header_that_lies_is_refused(header, data, tmp_path):
    path = by_hand(tmp_path / "a.safetensors", header, data)
    assert refusal(load, path) == refusal(read_card, path) == refusal(plain_state, path) == "damaged"


def test_a_header_of_a_million_values_takes_little_memory(tmp_path):
    path = by_hand(tmp_path / "a.safetensors", b'{"a": [' + b"[]," * 2_000_000 + b"0]}")
    tracemalloc.start()
    assert refusal(load, path) == "damaged"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32 * 2**20


def test_a_header_that_says_it_is_huge_is_refused(tmp_path):
    path = tmp_path / "a.safetensors"
    path.write_bytes(struct.pack("<Q", 2**63) + b"{}")
    assert refusal(load, path) == "damaged"
    path.write_bytes(struct.pack("<Q", 9 * 2**20) + b" " * (9 * 2**20))
    assert refusal(load, path) == "damaged"


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff\xe0 a photograph", b"\0" * 100, b"{}", os.urandom(5000)])
def test_what_is_no_checkpoint_at_all_is_refused(content, tmp_path):
    path = tmp_path / "a.safetensors"
    path.write_bytes(content)
    assert refusal(load, path) == "damaged"


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    assert refusal(load, tmp_path / "nothing.safetensors") == "missing"
    assert refusal(load, tmp_path) == refusal(read_card, tmp_path) == "missing"


def test_safetensors_from_elsewhere_are_refused_but_their_weights_can_be_read(state, tmp_path):
    path = tmp_path / "a.safetensors"
    save_file(state, path)
    assert refusal(load, path) == refusal(read_card, path) == "foreign"
    assert torch.equal(plain_state(path)["fc.bias"], state["fc.bias"])


def test_a_checkpoint_of_a_newer_version_is_refused_as_such(state, tmp_path):
    path = crafted(tmp_path / "a.safetensors", state, change=lambda values: values.update(version=VERSION + 1))
    assert refusal(load, path) == "newer"


@pytest.mark.parametrize(
    "change",
    [
        {"depth": 19},
        {"depth": "18"},
        {"classes": ["a", "a", "b"]},
        {"classes": [1, 2, 3]},
        {"classes": "abc "},
        {"classes": []},
        {"classes": None},
        {"head": "other"},
        {"head": ["linear"]},
        {"hidden_units": 10**12},
        {"dropout": 5},
        {"dropout": None},
        {"stem": "auto"},
        {"version": None},
        {"version": "1"},
        {"metrics": 5},
        {"weights_origin": []},
        {"run": 5},
        {"preprocessing": None},
        {"preprocessing": {}},
        {"preprocessing": {"resize": 10**9, "crop": 10**9}},
        {"preprocessing": {"resize": 64, "crop": 65}},
        {"preprocessing": {"resize": 64, "crop": 0}},
        {"preprocessing": {"resize": 64.5, "crop": 32}},
        {"preprocessing": {"resize": 64, "crop": 64, "std": [0, 1, 1]}},
        {"preprocessing": {"resize": 64, "crop": 64, "mean": [0, 1]}},
        {"preprocessing": {"resize": 64, "crop": 64, "mean": ["a", 0, 0]}},
        {"preprocessing": {"resize": 64, "crop": 64, "mean": [1e999, 0, 0]}},
        {"preprocessing": {"resize": 64, "crop": 64, "interpolation": "lanczos"}},
        {"preprocessing": {"resize": 64, "crop": 64, "code": "import os"}},
    ],
    ids=str,
)
def test_a_card_that_no_model_of_ours_has_is_refused_though_its_digests_are_right(change, tmp_path):
    path = tmp_path / "a.safetensors"
    assert read_card(crafted(path, {"fc.bias": torch.zeros(3)})).run == "a-run"
    crafted(path, {"fc.bias": torch.zeros(3)}, change=lambda values: values.update(change))
    assert refusal(load, path) == refusal(read_card, path) == "damaged"


@pytest.mark.parametrize(
    "change",
    [{"depth": 50}, {"classes": ["a", "b"]}, {"head": "hidden"}, {"dropout": 0.5}, {"stem": "small"}],
    ids=str,
)
def test_a_card_of_another_model_is_refused_though_its_digests_are_right(change, state, tmp_path):
    path = crafted(tmp_path / "a.safetensors", state, change=lambda values: values.update(change))
    assert refusal(load, path) == "damaged"


def test_a_card_says_version_1_unless_pictures_are_prepared_in_a_way_that_version_1_does_not_know(state, tmp_path):
    save(tmp_path / "a.safetensors", state, CARD)
    assert CARD.to_json()["version"] == 1 and "fit" not in CARD.to_json()["preprocessing"]
    padded = replace(CARD, preprocessing=replace(CARD.preprocessing, fit="pad"))
    assert padded.to_json()["version"] == 2
    save(tmp_path / "b.safetensors", state, padded)
    assert read_card(tmp_path / "a.safetensors").preprocessing.fit == "crop"
    assert read_card(tmp_path / "b.safetensors").preprocessing.fit == "pad"
    with pytest.raises(ValueError, match="stretch"):
        replace(CARD.preprocessing, fit="stretch")


def test_a_card_from_a_later_minor_version_with_a_new_field_is_read(state, tmp_path):
    path = crafted(tmp_path / "a.safetensors", state, change=lambda values: values.update(temperature=1.5))
    assert load(path).card.run == "a-run"


@pytest.mark.parametrize(
    "change",
    [
        {"fc.weight": torch.zeros(3, 513)},
        {"fc.weight": torch.zeros(3, 512, dtype=torch.float64)},
        {"fc.weight": torch.zeros(3, 512, dtype=torch.int64)},
        {"fc.weight": torch.zeros(0, 512)},
        {"fc.extra": torch.zeros(1)},
    ],
    ids=lambda change: str({name: tuple(value.shape) for name, value in change.items()}),
)
def test_tensors_that_are_not_the_model_s_are_refused_though_their_digest_is_right(change, state, tmp_path):
    assert refusal(load, crafted(tmp_path / "a.safetensors", {**state, **change})) == "damaged"


def test_a_missing_tensor_is_refused_though_the_digest_is_right(state, tmp_path):
    rest = {name: value for name, value in state.items() if name != "bn1.num_batches_tracked"}
    assert refusal(load, crafted(tmp_path / "a.safetensors", rest)) == "damaged"


@pytest.mark.parametrize(
    ("name", "value"),
    [("fc.bias", float("nan")), ("conv1.weight", float("inf")), ("bn1.running_var", -1.0), ("fc.bias", -float("inf"))],
)
def test_weights_that_are_no_numbers_are_refused_though_their_digest_is_right(name, value, state, tmp_path):
    broken = {**state, name: state[name].clone()}
    broken[name].view(-1)[-1] = value
    assert refusal(load, crafted(tmp_path / "a.safetensors", broken)) == "not_finite"


class Code:
    """Unpickling this makes a file."""

    def __init__(self, canary):
        self.canary = canary

    def __reduce__(self):
        return os.mkdir, (str(self.canary),)


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("read", [load, plain_state])
def test_a_bare_pickle_with_code_is_refused_and_nothing_in_it_runs(protocol, read, tmp_path):
    path = tmp_path / "model.pt"
    path.write_bytes(pickle.dumps({"fc.weight": Code(tmp_path / "canary")}, protocol=protocol))
    assert refusal(read, path) == ("code" if protocol else "damaged")
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize("read", [load, plain_state])
@pytest.mark.parametrize("zipped", [True, False])
def test_a_torch_file_with_code_is_refused_and_nothing_in_it_runs(zipped, read, tmp_path):
    path = tmp_path / "model.pth"
    torch.save(
        {"conv1.weight": torch.zeros(2), "x": Code(tmp_path / "canary")}, path, _use_new_zipfile_serialization=zipped
    )
    assert refusal(read, path) == "code"
    assert not (tmp_path / "canary").exists()


def test_a_pickle_with_code_under_the_name_of_a_checkpoint_is_refused_too(tmp_path):
    path = tmp_path / "best.safetensors"
    torch.save({"x": Code(tmp_path / "canary")}, path)
    assert refusal(load, path) == refusal(import_checkpoint, path, Workspace.open(tmp_path / "w")) == "code"
    assert refusal(read_card, path) == "no_card"
    assert not (tmp_path / "canary").exists()


def test_code_in_a_second_pickle_of_the_zip_does_not_run(state, tmp_path):
    path = tmp_path / "model.pt"
    torch.save(state, path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("other/data.pkl", pickle.dumps(Code(tmp_path / "canary"), protocol=2))
    assert refusal(load, path) == "damaged"
    assert not (tmp_path / "canary").exists()


def test_a_whole_pickled_model_is_refused_as_code(tmp_path):
    torch.save(torch.nn.Linear(2, 2), tmp_path / "model.pt")
    assert refusal(load, tmp_path / "model.pt") == "code"


@pytest.mark.parametrize(
    ("maker", "given"),
    [(bytearray, (10**12,)), (torch.FloatTensor, (10**12,)), (codecs.encode, ("x" * 10**6, "utf-32")), (set, ([1],))],
)
def test_a_memory_bomb_in_a_pickle_is_refused_before_it_is_built(maker, given, tmp_path):
    class Bomb:
        def __reduce__(self):
            return maker, given

    torch.save({"a": Bomb()}, tmp_path / "model.pt")
    assert refusal(load, tmp_path / "model.pt") == "code"


def test_weights_beside_what_a_training_script_saves_with_them_are_read(state, tmp_path):
    beside = {"epoch": 3, "device": torch.device("cuda:1"), "dtype": torch.float16}
    torch.save({"state_dict": state, **beside}, tmp_path / "model.pt")
    assert torch.equal(plain_state(tmp_path / "model.pt")["fc.weight"], state["fc.weight"])


def test_what_is_code_torch_itself_decides(tmp_path, state, monkeypatch):
    torch.save(state, tmp_path / "model.pt")
    monkeypatch.setattr(torch.serialization, "get_unsafe_globals_in_checkpoint", lambda file: ["os.system"])
    assert refusal(plain_state, tmp_path / "model.pt") == "code"


def test_a_plain_state_dict_is_refused_as_a_checkpoint_but_its_weights_can_be_read(state, tmp_path):
    path = tmp_path / "model.pt"
    torch.save(state, path)
    assert refusal(load, path) == refusal(read_card, path) == "no_card"
    back = plain_state(path)
    assert back.keys() == state.keys() and torch.equal(back["fc.weight"], state["fc.weight"])


def test_a_tiny_file_that_says_it_holds_gigabytes_is_refused(tmp_path):
    path = tmp_path / "model.pt"
    torch.save({"fc.weight": torch.zeros(1).expand(100_000, 100_000)}, path)
    assert path.stat().st_size < 2000
    assert refusal(plain_state, path) == "not_weights"


@pytest.mark.parametrize("content", [{}, [1], {"epoch": 3}, {"state_dict": {}}, {1: torch.zeros(1)}, torch.zeros(2)])
def test_a_torch_file_that_is_no_table_of_weights_is_refused(content, tmp_path):
    torch.save(content, tmp_path / "model.pt")
    assert refusal(plain_state, tmp_path / "model.pt") == "not_weights"


def test_weights_that_are_no_numbers_are_refused_from_a_plain_state_dict(tmp_path):
    torch.save({"a": torch.tensor([0.0, float("nan")])}, tmp_path / "model.pt")
    assert refusal(plain_state, tmp_path / "model.pt") == "not_finite"


def test_a_torch_file_that_unpacks_to_more_than_itself_is_refused(tmp_path):
    plain, packed = tmp_path / "plain.pt", tmp_path / "packed.pt"
    torch.save({"a": torch.zeros(10_000_000)}, plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            target.writestr(entry.filename, source.read(entry))
    assert packed.stat().st_size < 100_000
    assert refusal(plain_state, packed) == "damaged"


@pytest.mark.slow
def test_mutated_torch_files_are_refused_or_read_but_never_crash(tmp_path):
    whole = io.BytesIO()
    torch.save({"conv1.weight": torch.rand(8, 3), "bn1.bias": torch.rand(8)}, whole)
    path, chance, verdicts = tmp_path / "model.pt", random.Random(1), set()
    for _ in range(400):
        content = bytearray(whole.getvalue())
        for _ in range(chance.randrange(1, 4)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        path.write_bytes(content[: chance.choice([len(content), chance.randrange(4, len(content))])])
        try:
            plain_state(path)
            verdicts.add("read")
        except CheckpointError as error:
            verdicts.add(error.key.removeprefix("error.checkpoint."))
    assert {"read", "damaged"} <= verdicts


def tree(folder):
    return {path.relative_to(folder): path.is_file() and path.read_bytes() for path in folder.rglob("*")}


def test_an_imported_checkpoint_is_verified_and_kept_once(sound, tmp_path):
    workspace = Workspace.open(tmp_path)
    kept = import_checkpoint(sound, workspace)
    assert kept.parent == workspace.imports and kept.read_bytes() == sound.read_bytes()
    assert import_checkpoint(sound, workspace) == kept
    assert len(list(workspace.imports.iterdir())) == 1
    assert load(kept).card.classes == CARD.classes


def test_an_imported_checkpoint_cannot_choose_where_it_goes(sound, tmp_path):
    workspace = Workspace.open(tmp_path / "workspace")
    odd = tmp_path / "..%2f .. x;rm -rf.safetensors"
    shutil.copyfile(sound, odd)
    kept = import_checkpoint(odd, workspace)
    assert kept.parent == workspace.imports and kept.name.startswith("2f-x-rm-rf-")


def test_a_damaged_import_leaves_the_workspace_as_it_was(copy, tmp_path):
    workspace = Workspace.open(tmp_path / "workspace")
    before = tree(workspace.root)
    flipped(copy, copy.stat().st_size - 9, 4)
    with pytest.raises(CheckpointError, match=r"^copy\.safetensors is damaged"):
        import_checkpoint(copy, workspace)
    assert tree(workspace.root) == before


def test_a_failing_disk_leaves_the_old_checkpoint(copy, state, monkeypatch):
    before = copy.read_bytes()

    def fail(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(StudioError, match=rf"disk reports an error.*{copy.name}"):
        save(copy, state, replace(CARD, run="another"))
    assert copy.read_bytes() == before
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]


@pytest.mark.parametrize("length", [0x80, 0x0280, 0x0480])
def test_a_header_whose_length_begins_like_a_pickle_is_read(length, state, tmp_path):
    path = tmp_path / "a.safetensors"
    header = json.dumps({"fc.bias": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    by_hand(path, header.ljust(length), struct.pack("<f", 1.5))
    assert plain_state(path)["fc.bias"].tolist() == [1.5]


def test_an_old_torch_file_without_code_is_refused_as_such(state, tmp_path):
    torch.save(state, tmp_path / "model.pt", _use_new_zipfile_serialization=False)
    assert refusal(plain_state, tmp_path / "model.pt") == "not_weights"
