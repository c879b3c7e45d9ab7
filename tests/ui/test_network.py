from __future__ import annotations

import itertools
from xml.etree import ElementTree

import pytest

from resnet_studio.model.anatomy import parameters
from resnet_studio.model.architecture import ARCHITECTURES, STAGES, Architecture
from resnet_studio.text import LANGUAGES
from resnet_studio.ui.drawn.network import amount, drawing


def looks(html: str) -> list[str]:
    groups = ElementTree.fromstring(html).iter("g")
    return [group.attrib["class"].split()[1] for group in groups if "data-stage" in group.attrib]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("depth", [18, 34, 50, 101, 152])
@pytest.mark.parametrize("freeze", ["auto", "none", "stem", "layer1", "layer2", "layer3", "layer4"])
def test_every_network_fits_the_paper_and_is_told_in_words(depth: int, freeze: str, language: str) -> None:
    html = drawing(depth, freeze, classes=10, language=language)  # type: ignore[arg-type]
    root = ElementTree.fromstring(html)
    svg = root.find("svg")
    assert svg is not None and svg.attrib["role"] == "img"
    blocks = [(float(rect.attrib["x"]), float(rect.attrib["width"])) for rect in root.iter("rect")]
    assert len(blocks) == 6
    assert blocks[0][0] >= 0 and sum(blocks[-1]) <= 400
    assert all(x + width < other for (x, width), (other, _) in itertools.pairwise(blocks))
    message = svg.find("desc").text or ""  # type: ignore[union-attr]
    assert all(stage in message for stage in STAGES[1:5])


def test_frozen_stages_are_drawn_frozen_and_the_rest_trained() -> None:
    assert looks(drawing(18, "layer2", classes=10)) == ["frozen"] * 3 + ["trained"] * 3
    assert looks(drawing(18, "none", classes=10)) == ["trained"] * 6
    assert looks(drawing(18, "layer4", classes=10)) == ["frozen"] * 5 + ["trained"]


def test_an_open_freeze_level_claims_nothing_but_that_the_head_is_trained() -> None:
    html = drawing(18, "auto")
    assert looks(html) == ["open"] * 5 + ["trained"]
    assert "decided from your pictures" in html


def test_colour_is_not_the_only_sign_of_frozen() -> None:
    html = drawing(50, "layer3", classes=5)
    assert html.count('class="lock"') == 1
    assert ">frozen</text>" in html and ">trained</text>" in html


def test_the_totals_are_those_of_the_model() -> None:
    counts = parameters(18, classes=10)
    total, trained = sum(counts.values()), counts["layer4"] + counts["head"]
    html = drawing(18, "layer3", classes=10)
    assert f"{total / 1e6:.1f} M parameters, {trained / 1e6:.1f} M of them trained (75%)" in html


@pytest.mark.parametrize(("tuned", "said"), [("batchnorm", "14.7 k of them trained (0.1%)"), ("bias", "9.9 k")])
def test_where_few_parameters_are_tuned_the_totals_say_so(tuned: str, said: str) -> None:
    html = drawing(18, "none", tuned, classes=10)  # type: ignore[arg-type]
    assert said in html and looks(html) == ["trained"] * 6
    assert "layer1: trained, 512 of 147,968 parameters" in drawing(18, "none", "batchnorm")
    assert "layer1: trained, 147,968 parameters" in drawing(18, "none", "all")
    assert "layer1：训练其 147,968 个参数中的 256 个" in drawing(18, "stem", "bias", language="zh")


def test_deeper_is_drawn_longer() -> None:
    def length(depth: int) -> float:
        root = ElementTree.fromstring(drawing(depth, "none", classes=2))  # type: ignore[arg-type]
        return sum(float(rect.attrib["width"]) for rect in root.iter("rect"))

    assert length(18) < length(34) == length(50) < length(101) < length(152)


@pytest.mark.parametrize("network", ARCHITECTURES, ids=lambda network: network.name)
def test_every_architecture_is_drawn_with_what_it_has(network: Architecture) -> None:
    html = drawing(network, "layer2", classes=10)
    assert network.title in html
    blocks = list(ElementTree.fromstring(html).iter("rect"))
    ends = [float(rect.attrib["x"]) + float(rect.attrib["width"]) for rect in blocks]
    assert len(blocks) == 6 and max(ends) <= 400 and min(float(rect.attrib["y"]) for rect in blocks) > 21
    assert html.count('class="squeeze"') == (sum(network.blocks) if network.squeezes else 0)
    assert ("squeeze-and-excitation" in html) == network.squeezes
    assert (f"{network.groups} groups" in html) == (network.groups > 1)
    assert ("twice as wide" in html) == (network.family == "wide_resnet")
    assert ("three 3x3 convolutions" in html) == network.deep_stem
    assert "three 3x3" not in drawing(network, "layer2", stem="small")
    total = sum(parameters(network, classes=10).values())
    assert f"{amount(total)} parameters" in html
    assert drawing(network, "layer2", language="zh").count("rect") == 6


def test_the_small_stem_is_said() -> None:
    assert "3x3" in drawing(18, "none", classes=10, stem="small")
    assert "3x3" not in drawing(18, "none", classes=10)


@pytest.mark.parametrize(
    ("count", "english", "chinese"),
    [(513, "513", "513"), (9_536, "9.5 k", "9,536"), (999_700, "1.0 M", "100 万"), (23_528_522, "23.5 M", "2,353 万")],
)
def test_amounts_are_short_in_both_languages(count: int, english: str, chinese: str) -> None:
    assert (amount(count), amount(count, "zh")) == (english, chinese)
