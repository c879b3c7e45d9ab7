"""Tables whose column of labels is asked about: none is called so, or several are."""

import json

import pytest
from made import picture, write, zipped

from resnet_studio.data import checkup, intake
from resnet_studio.data.choices import Choices
from resnet_studio.data.opening import open_data
from resnet_studio.errors import DataError
from resnet_studio.workspace import Workspace

NAMES = [f"p{number:02}.png" for number in range(12)]
SHAPES = ["round" if number % 2 else "square" for number in range(12)]
COLOURS = [("red", "green", "blue")[number // 4] for number in range(12)]
PICTURES = {name: picture(number, label=number % 2) for number, name in enumerate(NAMES)}
FACTS = [NAMES, SHAPES, COLOURS, [f"{number}.25" for number in range(12)], [f"taken {name}" for name in NAMES]]


def table(heads, *columns, between=","):
    return "\n".join(between.join(row) for row in [heads, *zip(*columns, strict=True)]).encode()


def about(heads=("file", "shape", "colour", "weight", "note"), columns=FACTS, **options):
    return {"about.csv": table(heads, *columns, **options)}


def opened(files, tmp_path, way="folder", **options):
    if way == "zip":
        return open_data(zipped(tmp_path / "set.zip", files), **options)
    tmp_path.mkdir(exist_ok=True)
    folder = "set/" if way == "nested" else ""
    return open_data(write(tmp_path / "set", {f"{folder}{name}": data for name, data in files.items()}), **options)


def question(dataset):
    (found,) = [each for each in checkup.inspect(dataset) if each.kind == "layout" and "column" in each.key]
    return found


@pytest.mark.parametrize("way", ["folder", "zip", "nested"])
@pytest.mark.parametrize(
    "files",
    [
        about(),
        about(("Filename", "shape", "colour", "weight", "note"), between=";"),
        {"data.jsonl": b"\n".join(
            json.dumps({"file": name, "shape": shape, "colour": colour, "size": 1.5}).encode()
            for name, shape, colour in zip(NAMES, SHAPES, COLOURS, strict=True)
        )},
    ],
)  # fmt: skip
def test_each_column_that_may_have_the_labels_is_an_answer(tmp_path, way, files):
    found = opened(PICTURES | files, tmp_path, way)
    assert found.counts == {"round": 6, "square": 6}
    asked = question(found)
    assert asked.severity == "warning" and [offer.changes for offer in asked.offers] == [
        {"label_column": "shape"}, {"label_column": "colour"}
    ]  # fmt: skip
    assert "shape" in asked.sentence("en") and "shape" in asked.sentence("zh")
    assert "colour" in asked.offers[1].sentence("en") and "colour" in asked.offers[1].sentence("zh")


def test_an_answer_reads_the_upload_anew_and_can_be_taken_back(tmp_path):
    workspace = Workspace.open(tmp_path / "workspace")
    found = open_data(zipped(tmp_path / "set.zip", PICTURES | about()), workspace)
    again = intake.reread(workspace, found.id, Choices().with_changes(question(found).offers[1].changes))
    assert again.counts == {"blue": 4, "green": 4, "red": 4}
    assert again.choices.options() == ["--label-column", "colour"]
    kinds = {each.kind: each for each in checkup.inspect(again)}
    assert "colour" in kinds["chosen"].sentence("en") and not any("guessed" in each.key for each in kinds.values())
    back = intake.reread(workspace, again.id, again.choices.with_changes(kinds["chosen"].offers[0].changes))
    assert back.counts == found.counts


def test_the_only_column_that_may_have_the_labels_is_taken_and_said(tmp_path):
    found = opened(PICTURES | about(("file", "shape", "weight"), [NAMES, SHAPES, FACTS[3]]), tmp_path)
    assert found.counts == {"round": 6, "square": 6}
    assert question(found).key == "finding.layout.column_guessed"


def test_blanks_around_a_name_do_not_matter_and_many_columns_make_no_wall_of_buttons(tmp_path):
    heads = ("file", *(f" kind {number} " for number in range(20)))
    files = PICTURES | about(heads, [NAMES, *([SHAPES] * 20)])
    found = opened(files, tmp_path)
    assert len(question(found).offers) == 8
    again = opened(files, tmp_path / "again", choices=Choices(label_column="kind 19"))
    assert again.counts == {"round": 6, "square": 6}


def test_words_go_before_numbers_and_columns_of_groups_are_no_labels(tmp_path):
    people = [f"person {number // 3}" for number in range(12)]
    heads = ("file", "patient", "grade", "shape")
    found = opened(PICTURES | about(heads, [NAMES, people, [str(n % 3) for n in range(12)], SHAPES]), tmp_path)
    assert [offer.changes["label_column"] for offer in question(found).offers] == ["shape", "grade"]
    assert len({sample.group for sample in found.samples}) == 4


def test_of_several_columns_that_are_called_like_labels_others_can_be_chosen(tmp_path):
    found = opened(PICTURES | about(("file", "species", "category"), [NAMES, SHAPES, COLOURS]), tmp_path)
    assert found.counts == {"blue": 4, "green": 4, "red": 4}
    asked = question(found)
    assert asked.severity == "info" and [offer.changes for offer in asked.offers] == [{"label_column": "species"}]
    chosen = opened(PICTURES | about(("file", "species", "category"), [NAMES, SHAPES, COLOURS]), tmp_path / "again",
                    choices=Choices(label_column="species"))  # fmt: skip
    assert chosen.counts == {"round": 6, "square": 6}


@pytest.mark.parametrize("other", [["10" if shape == "round" else "20" for shape in SHAPES], ["x"] * 12, FACTS[4]])
def test_a_second_column_that_says_the_same_or_nothing_is_not_asked_about(tmp_path, other):
    found = opened(PICTURES | about(("file", "label", "category"), [NAMES, SHAPES, other]), tmp_path)
    assert found.counts == {"round": 6, "square": 6}
    assert not any("column" in each.key for each in checkup.inspect(found))


def test_numbers_get_their_names_from_any_column_that_says_the_same_in_words(tmp_path):
    numbers = ["1" if shape == "round" else "0" for shape in SHAPES]
    heads = ("image_name", "colour", "round_or_square", "target")
    found = opened(PICTURES | about(heads, [NAMES, COLOURS, SHAPES, numbers]), tmp_path)
    assert found.counts == {"round": 6, "square": 6}
    assert not any("column" in each.key for each in checkup.inspect(found))


def test_a_column_can_be_chosen_where_folders_would_be_the_classes(tmp_path):
    files = {f"{'ab'[number % 2]}/{name}": PICTURES[name] for number, name in enumerate(NAMES)} | about()
    assert opened(files, tmp_path).classes == ("a", "b")
    assert opened(files, tmp_path / "2", choices=Choices(label_column="colour")).classes == ("blue", "green", "red")


@pytest.mark.parametrize("column", ["size", "note", "weight", "file"])
def test_a_column_that_is_not_there_or_gives_no_classes_is_refused(tmp_path, column):
    heads = ("file", "shape", "colour", "weight", "note")
    some = about(heads, [*FACTS[:3], ["1.5"] * 12, ["x"] * 12])
    with pytest.raises(DataError, match=r"columns are: .*shape"):
        opened(PICTURES | some, tmp_path, choices=Choices(label_column=column))


def test_the_form_of_an_answer_to_a_contest_is_no_table_of_labels(tmp_path):
    with pytest.raises(DataError):
        opened(PICTURES | {"sample_submission.csv": table(("id", "shape", "x"), *FACTS[:3])}, tmp_path)


def test_a_chosen_column_has_to_be_text():
    with pytest.raises(DataError):
        Choices(label_column=7)


def test_a_column_that_does_not_tell_pictures_apart_is_not_said_to_be_missing(tmp_path):
    files = PICTURES | about(("file", "shape", "site"), [NAMES, SHAPES, ["north"] * 12])
    with pytest.raises(DataError) as caught:
        opened(files, tmp_path, choices=Choices(label_column="site"))
    assert caught.value.key == "error.labels.column" and "the other columns are: file, shape." in str(caught.value)


def test_without_a_table_no_columns_are_listed(tmp_path):
    folders = {f"{shape}/{name}": PICTURES[name] for shape, name in zip(SHAPES, NAMES, strict=True)}
    with pytest.raises(DataError) as caught:
        opened(folders, tmp_path, choices=Choices(label_column="site"))
    assert caught.value.key == "error.labels.no_columns"


def test_a_chosen_column_is_found_however_its_letters_are_encoded(tmp_path):
    files = PICTURES | about(("file", "Gr\u00f6\u00dfe"), [NAMES, SHAPES])
    found = opened(files, tmp_path, choices=Choices(label_column="Gro\u0308\u00dfe"))
    assert found.counts == {"round": 6, "square": 6}


def test_tables_without_the_chosen_column_give_no_labels(tmp_path):
    files = {f"{folder}/{name}": data for folder in "ab" for name, data in PICTURES.items()}
    files |= {
        "a/one.csv": table(("file", "shape"), NAMES, SHAPES),
        "b/two.csv": table(("file", "colour"), NAMES, COLOURS),
    }
    found = opened(files, tmp_path, choices=Choices(label_column="shape"))
    assert found.counts == {"round": 6, "square": 6}


def test_a_key_that_the_first_line_of_json_leaves_out_is_a_column(tmp_path):
    rows = [{"file": name, "shape": shape} for name, shape in zip(NAMES, SHAPES, strict=True)]
    lines = [{"file": NAMES[0]}, *rows[1:]]
    files = PICTURES | {"about.jsonl": b"\n".join(json.dumps(line).encode() for line in lines)}
    counts = {"round": 6, "square": 5}
    assert opened(files, tmp_path).counts == counts
    assert opened(files, tmp_path / "chosen", choices=Choices(label_column="shape")).counts == counts


def test_a_column_and_a_folder_that_are_chosen_both_count(tmp_path):
    files = {f"{folder}/{name}": data for folder in "ab" for name, data in PICTURES.items()}
    names = [f"{folder}/{name}" for folder in "ab" for name in NAMES]
    files["about.csv"] = table(("file", "shape", "colour"), names, SHAPES * 2, COLOURS * 2)
    found = opened(files, tmp_path, choices=Choices(label_column="shape", folder="a"))
    assert found.counts == {"round": 6, "square": 6} and len(found.unlabelled) == 0
    assert {sample.name[:2] for sample in found.samples} == {"a/"}
    with pytest.raises(DataError, match="no folder"):
        opened(files, tmp_path / "other", choices=Choices(label_column="shape", folder="c"))
