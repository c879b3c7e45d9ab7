"""Which folders are classes, in the trees that people have: what is customary, and what only looks like it."""

import re

import pytest

from resnet_studio.data.choices import Choices
from resnet_studio.data.layout import Layout, understand
from resnet_studio.errors import DataError


def expanded(tree: str) -> list[str]:
    """``{a,b}/{c,d} e`` as the paths of three pictures in each of the folders."""
    folders = tree.split()
    while any("{" in folder for folder in folders):
        folders = [
            folder.replace(found[0], choice, 1)
            for folder in folders
            for found in [re.search(r"\{([^}]*)\}", folder) or ["", ""]]
            for choice in (found[1].split(",") if found[0] else [""])
        ]
    return [f"{folder}/{number}.jpg" for folder in folders for number in range(3)]


def read(tree: str, **choices) -> tuple[Layout, set[str]]:
    """The layout of ``tree``, and its classes with the parts: ``cat/train`` or ``cat``; ``-reason`` for the others."""
    layout = understand(expanded(tree), Choices(**choices))
    found = set()
    for name in expanded(tree):
        _, kind, part = layout.place(name)
        found.add(f"-{layout.reason(name)}" if kind is None else f"{kind}/{part}" if part else kind)
    return layout, found


def doubts(layout: Layout) -> list[str]:
    return [doubt.kind for doubt in layout.doubts]


TRAIN_AND_TEST = {"a/train", "b/train", "a/test", "b/test"}
TRAIN_AND_VALIDATION = {"a/train", "b/train", "a/validation", "b/validation"}


@pytest.mark.parametrize(
    "tree",
    [
        "{training_set,test_set}/{a,b}", "{Train_Data,Test_Data}/{a,b}", "{TrainSet,TestSet}/{a,b}",
        "{trainset,testset}/{a,b}", "{TRAIN,TEST}/{a,b}", "{train_images,test_images}/{a,b}",
        "{seg_train/seg_train,seg_test/seg_test}/{a,b}", "{birds_train,birds_test}/{a,b}",
        "{2020_train,2020_test}/{a,b}", "{2020_train,2021_test}/{a,b}", "{train_1,train_2,test}/{a,b}",
        "{train,holdout}/{a,b}", "{Training,PublicTest,PrivateTest}/{a,b}", "{训练集,测试集}/{a,b}",
        "data/{train,test}/images/{a,b}", "{siteA,siteB}/{train,test}/{a,b}",
    ],
)  # fmt: skip
def test_training_and_test_folders_are_recognised_by_their_customary_names(tree):
    assert read(tree)[1] == TRAIN_AND_TEST


@pytest.mark.parametrize(
    "tree",
    [
        "{train,dev}/{a,b}", "{train,eval}/{a,b}", "{train_images,val_images}/{a,b}", "{Train,Valid}/{a,b}",
        "{training,validation}/{a,b}", "{training,development}/{a,b}", "{xray-train,xray-val}/{a,b}",
        "{训练,验证}/{a,b}",
    ],
)  # fmt: skip
def test_training_and_validation_folders_are_recognised_by_their_customary_names(tree):
    assert read(tree)[1] == TRAIN_AND_VALIDATION


def test_what_eval_means_follows_from_what_stands_beside_it():
    assert read("{train,dev,eval}/a")[1] == {"a/train", "a/validation", "a/test"} == read("{train,eval,test}/a")[1]


@pytest.mark.parametrize(
    ("tree", "classes"),
    [
        ("{train,plane,test}", {"train", "plane", "test"}), ("{train,bus}/{a,b}", {"train", "bus"}),
        ("train/steam plane", {"train", "plane"}), ("train/{steam,diesel} test plane", {"train", "test", "plane"}),
        ("{training,match}/{a,b}", {"training", "match"}), ("{dev,prod}/{a,b}", {"dev", "prod"}),
        ("{train_station,test_tube}/{day,night}", {"train_station", "test_tube"}),
        ("{bullet-train,blood-test}/{a,b}", {"bullet-train", "blood-test"}), ("{exam,test}/{a,b}", {"exam", "test"}),
        ("{contest,retrain}/{a,b}", {"contest", "retrain"}),
        ("train/{a,b} dev/{c,d}", {"train", "dev"}), ("{fold,crease}/{a,b}", {"fold", "crease"}),
        ("{photo,label,logo}", {"photo", "label", "logo"}), ("{with_mask,without_mask}", {"with_mask", "without_mask"}),
        ("{mask,no_mask}", {"mask", "no_mask"}), ("cat/photo dog/photo", {"cat", "dog"}),
        ("{original,fake}", {"original", "fake"}),
    ],
)  # fmt: skip
def test_real_classes_that_only_look_like_parts_or_masks_stay_classes(tree, classes):
    assert read(tree)[1] == classes


def test_real_classes_called_train_and_test_within_parts_stay_classes():
    assert len(read("{train,test}/{train,test,bus}")[1]) == 6
    assert read("train/{photo,art} test/photo")[1] == {"photo/train", "art/train", "photo/test"}


@pytest.mark.parametrize(
    "tree",
    [
        "train/{a,b} test", "train/{a,b} test/test", "train/{a,b} test/images", "train/{a,b} test/unknown",
        "asl_train/asl_train/{a,b} asl_test/asl_test", "train/{a,b} {test,pred}", "wrapped/train/{a,b} wrapped/test1",
    ],
)  # fmt: skip
def test_a_test_folder_without_class_folders_is_without_labels(tree):
    layout, found = read(tree)
    assert found == {"a", "b", "-unlabelled"} and not doubts(layout)


def test_a_flat_test_folder_beside_two_labelled_parts_is_without_labels_too():
    assert read("{train,val}/{a,b} test")[1] == TRAIN_AND_VALIDATION | {"-unlabelled"}
    assert read("{seg_train/seg_train,seg_test/seg_test}/{a,b} seg_pred/seg_pred")[1] == TRAIN_AND_TEST | {
        "-unlabelled"
    }


def test_parts_inside_of_every_class_are_parts():
    assert read("{a,b}/{train,test}")[1] == TRAIN_AND_TEST
    assert read("a/{train,test} b/train")[1] == TRAIN_AND_TEST - {"b/test"}


def test_parts_inside_of_some_classes_are_asked_about():
    layout, found = read("{a,b}/{train,test} c")
    assert found == {"a", "b", "c"} and doubts(layout) == ["some_parts"]
    assert read("{a,b}/{train,test} c", layout="parts-inside")[1] == TRAIN_AND_TEST | {"c"}


@pytest.mark.parametrize("tree", ["{fold_1,fold_2,fold_3}/{a,b}", "{split1,split2}/{a,b}", "{Batch-1,Batch-2}/{a,b}"])
def test_folds_hold_the_classes(tree):
    layout, found = read(tree)
    assert found == {"a", "b"} and doubts(layout) == ["folds"]
    assert len(read(tree, layout="classes")[1]) == len(layout.doubts[0].folders)


def test_of_several_cuts_of_the_same_pictures_one_is_used():
    layout, found = read("{fold_10,fold_2}/{train,test}/{a,b}")
    assert found == TRAIN_AND_TEST | {"-outside"} and doubts(layout) == ["one_fold"]
    assert layout.prefix == "fold_2/"


@pytest.mark.parametrize("tree", ["{color,grayscale,segmented}/{a,b,c}", "{cat,dog}/{indoor,outdoor}"])
def test_variants_above_classes_are_asked_about(tree):
    layout, found = read(tree)
    tops = set(layout.doubts[0].folders)
    assert found == tops and doubts(layout) == ["variants"]
    assert read(tree, layout="inner")[1] == set(layout.doubts[0].inside)
    first = sorted(tops)[0]
    assert read(tree, folder=first)[1] == {*layout.doubts[0].inside, "-outside"}


def test_classes_that_hold_folders_of_other_names_are_asked_about():
    layout, found = read("animal/{cat,dog} plant/{rose}")
    assert found == {"animal", "plant"} and doubts(layout) == ["nested"]
    assert read("animal/{cat,dog} plant/{rose}", layout="inner")[1] == {"cat", "dog", "rose"}
    for tree in ("ill/{patient1,patient2} well/{patient3}", "cat/{kitchen,garden} dog/{garden,car}", "a/{x} b/{y}"):
        assert doubts(read(tree)[0]) == [], tree


@pytest.mark.parametrize(
    ("tree", "classes", "said"),
    [
        ("{yes,no} brain/{yes,no}", {"yes", "no", "-outside"}, ["again"]),
        ("f/{a,b,c} f/f/{a,b,c}", {"a", "b", "c", "-outside"}, ["again"]),
        ("{a,b,c} d/{a,b}", {"a", "b", "c", "d"}, []),
        ("{a,b} {c,d}/{a,b}", {"a", "b", "-outside"}, ["again"]),
        ("trainingSet/{0,1} trainingSample/{0,1} testSet", {"0", "1", "-outside", "-unlabelled"}, ["outside"]),
        ("Plants(Augmented)/{train,valid}/{a,b} test", TRAIN_AND_VALIDATION | {"-unlabelled"}, []),
    ],
)
def test_sets_that_were_packed_with_a_second_copy_or_a_test_beside_them(tree, classes, said):
    layout, found = read(tree)
    assert found == classes and doubts(layout) == said


@pytest.mark.parametrize(
    "tree",
    ["{a,b}/{images,masks}", "{a,b}/{imgs,labels}", "{images,masks}/{a,b}", "{imgs,labels}/{a,b}",
     "{a,b}/{original,ground_truth}", "{image,annotations}/{a,b}"],
)  # fmt: skip
def test_masks_beside_pictures_are_no_pictures(tree):
    assert read(tree)[1] == {"a", "b", "-mask"}
    assert "-mask" not in read(tree, masks=True)[1]


def test_masks_are_told_from_pictures_inside_of_parts():
    assert read("{train,test}/{a,b}/{images,masks}")[1] == TRAIN_AND_TEST | {"-mask"}
    assert read("{train,test}/{images,masks}/{a,b}")[1] == TRAIN_AND_TEST | {"-mask"}


@pytest.mark.parametrize("tree", ["{images,masks}", "{train,test}/{photo,label}"])
def test_where_nothing_would_be_left_to_tell_apart_masks_are_asked_about(tree):
    layout, found = read(tree)
    assert "-mask" not in found and doubts(layout)[-1] == "only_masks"


def test_files_called_like_masks_of_the_files_beside_are_masks():
    names = [f"{kind}/{kind} ({number}){end}.png" for kind in "ab" for number in range(4) for end in ("", "_mask")]
    layout = understand([*names, "a/a (0)_mask_1.png"])
    kept = [name for name in names if layout.place(name)[1]]
    assert kept == [name for name in names if "_mask" not in name]
    assert layout.reason("a/a (0)_mask_1.png") == "mask"


def test_a_few_files_called_so_among_many_others_are_no_masks():
    names = [f"a/{number}.png" for number in range(20)] + [f"a/{number}_label.png" for number in range(4)] + ["b/1.png"]
    layout = understand(names)
    assert all(layout.place(name)[1] for name in names)


def test_folders_beside_parts_are_not_used_and_can_be_had():
    layout, found = read("{train,test,extra}/{a,b}")
    assert found == TRAIN_AND_TEST | {"-outside"} and doubts(layout) == ["outside"]
    assert read("{train,test,extra}/{a,b}", layout="classes")[1] == {"train", "test", "extra"}


@pytest.mark.parametrize("tree", ["train/{a,b} docs", "train/{a,b} test plane"])
def test_a_training_folder_among_classes_is_asked_about(tree):
    layout, _ = read(tree)
    assert doubts(layout) == ["train_folder"]
    assert read(tree, folder="train")[1] == {"a", "b", "-outside"}


def test_a_folder_is_found_from_the_top_or_from_where_all_is_unwrapped():
    for folder in ("data/v2/red", "red", "./red/", "data\\v2\\red"):
        assert read("data/v2/{red,blue}/{a,b}", folder=folder)[1] == {"a", "b", "-outside"}
    with pytest.raises(DataError, match="blue, red"):
        read("data/{red,blue}/{a,b}", folder="green")


def test_a_layout_that_is_not_there_is_refused_with_what_is_there():
    for layout in ("parts", "parts-inside"):
        with pytest.raises(DataError, match="like a training part"):
            read("{cat,dog}/{old,new}", layout=layout)


@pytest.mark.parametrize("wrong", [{"layout": "flat"}, {"name_encoding": "morse"}])
def test_choices_that_are_not_known_are_refused(wrong):
    with pytest.raises(DataError, match="not allowed"):
        Choices(**wrong)
    with pytest.raises(DataError, match="not allowed"):
        Choices().with_changes({"colour": "red"})


def test_choices_say_how_they_are_given_on_the_command_line():
    chosen = Choices(layout="inner", masks=True, leave_out_single=True, folder="a b")
    assert chosen.options() == ["--layout", "inner", "--folder", "a b", "--with-masks", "--leave-out-single"]
    assert Choices().with_changes(chosen.to_json()) == chosen and Choices().to_json() == {}


@pytest.mark.parametrize("name", ["unlabelled", "Unlabeled", "unsorted_images", "to label", "未标注", "待分类图片"])
def test_a_folder_called_as_if_it_had_no_labels_is_set_aside_and_said(name):
    tree = f"{{cat,dog,{name.replace(' ', '_')}}}"
    layout, found = read(tree)
    assert found == {"cat", "dog", "-unlabelled"} and doubts(layout) == ["set_aside"]
    assert read(tree, with_unlabelled=True)[1] == {"cat", "dog", name.replace(" ", "_")}


def test_folders_without_labels_are_set_aside_in_every_layout_and_stay_where_they_make_the_second_class():
    layout, found = read("{train,test}/{a,b} train/unlabelled/more")
    assert found == TRAIN_AND_TEST | {"-unlabelled"} and doubts(layout) == ["set_aside"]
    assert read("{site1,site2}/{a,b,unlabelled}", layout="inner")[1] == {"a", "b", "-unlabelled"}
    for tree in ("{bottles,unlabelled}", "{cat,dog,unlabelled bottles}".replace(" ", "_"), "{cat,dog,unknown}"):
        layout, found = read(tree)
        assert "-unlabelled" not in found and not doubts(layout)


@pytest.mark.parametrize("wrapped", ["", "pets/"])
def test_what_lies_beside_a_folder_without_labels_is_read_as_if_it_were_not_there(wrapped):
    for tree, expected, said in (
        ("labelled/{a,b} unlabelled", {"a", "b"}, ["set_aside"]),
        ("train/{a,b} unsorted", {"a", "b"}, ["set_aside"]),
        ("{train,unlabelled}/{a,b}", {"a", "b"}, ["set_aside"]),
        ("{a,b}/{train,test} unlabelled", TRAIN_AND_TEST, ["parts_in_classes"]),
        ("{train,test}/{a,b} unsorted/{1,2}", TRAIN_AND_TEST, []),
        ("{x,y}/{a,b} 未标注", {"x", "y"}, ["variants", "set_aside"]),
    ):
        layout, found = read(" ".join(wrapped + each for each in tree.split()))
        assert (found, doubts(layout)) == (expected | {"-unlabelled"}, said), tree
    assert read("{x,y}/{a,b} 未标注", layout="inner")[1] == {"a", "b", "-unlabelled"}
    assert read("labelled/{a,b} unlabelled", layout="classes")[1] == {"labelled", "unlabelled"}
    for tree in ("{bottles,unlabelled}/{a,b}", "bottles/{x} unlabelled", "bottles unlabelled/{a,b}"):
        assert len(read(tree)[1]) == 2 and "-unlabelled" not in read(tree)[1], tree
