import pytest

from resnet_studio.data.layout import understand


def places(*names: str) -> dict[str, tuple[str | None, str | None]]:
    layout = understand(names)
    found = {}
    for name in names:
        inner, kind, part = layout.place(name)
        found[inner] = (kind, part)
    return found


def test_folders_at_the_top_are_classes_and_deeper_ones_belong_to_them():
    assert places("cat/1.jpg", "dog/old/2.jpg", "dog/3.jpg") == {
        "cat/1.jpg": ("cat", None), "dog/old/2.jpg": ("dog", None), "dog/3.jpg": ("dog", None),
    }  # fmt: skip


@pytest.mark.parametrize("wrapper", ["pets/", "my pets/v2/"])
def test_wrapping_folders_are_unwrapped(wrapper):
    assert places(f"{wrapper}cat/1.jpg", f"{wrapper}dog/2.jpg") == places("cat/1.jpg", "dog/2.jpg")


def test_pictures_beside_the_class_folders_have_no_class():
    assert places("pets/cat/1.jpg", "pets/dog/2.jpg", "pets/x.jpg", "y.jpg") == {
        "cat/1.jpg": ("cat", None), "dog/2.jpg": ("dog", None), "x.jpg": (None, None), "y.jpg": (None, None),
    }  # fmt: skip


def test_one_class_with_one_folder_inside_stays_one_class():
    assert places("cat/1.jpg", "cat/more/2.jpg")["cat/more/2.jpg"] == ("cat", None)


@pytest.mark.parametrize("validation", ["val", "valid", "validation", "Val"])
@pytest.mark.parametrize("wrapper", ["", "data/"])
def test_preset_parts_are_recognised(validation, wrapper):
    names = [f"{wrapper}{part}/{kind}/1.jpg" for part in ("train", validation, "TEST") for kind in ("cat", "dog")]
    assert places(*names) == {
        **{f"train/{kind}/1.jpg": (kind, "train") for kind in ("cat", "dog")},
        **{f"{validation}/{kind}/1.jpg": (kind, "validation") for kind in ("cat", "dog")},
        **{f"TEST/{kind}/1.jpg": (kind, "test") for kind in ("cat", "dog")},
    }


def test_pictures_outside_of_the_parts_or_loose_in_them_have_no_class():
    found = places("train/cat/1.jpg", "test/cat/2.jpg", "docs/logo/3.jpg", "test/4.jpg", "5.jpg")
    assert found["docs/logo/3.jpg"] == found["5.jpg"] == (None, None)
    assert found["test/4.jpg"] == (None, "test")


def test_a_lone_train_folder_is_only_a_wrapper():
    assert places("train/cat/1.jpg", "train/dog/2.jpg") == places("cat/1.jpg", "dog/2.jpg")


def test_classes_that_are_called_like_parts_stay_classes():
    assert places("train/1.jpg", "plane/2.jpg", "test/3.jpg")["train/1.jpg"] == ("train", None)
    assert places("train/steam/1.jpg", "plane/2.jpg")["train/steam/1.jpg"] == ("train", None)


def test_no_names_are_no_trouble():
    assert understand([]).prefix == ""
