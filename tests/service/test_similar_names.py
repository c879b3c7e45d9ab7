"""A class that is called almost like another is asked about before it is made."""

from __future__ import annotations

from pathlib import Path

import pytest
from made import encoded, scene, write

from resnet_studio.data.opening import open_data
from resnet_studio.service.editor import Editor
from resnet_studio.service.similar_names import SimilarNameError
from resnet_studio.workspace import Workspace


@pytest.fixture
def opened(workspace: Workspace, tmp_path: Path) -> tuple[Editor, str]:
    files = {f"{kind}/{n}.png": encoded(scene(n, 32)) for n in range(3) for kind in ("cat", "dog", "sea horse")}
    return Editor(workspace), open_data(write(tmp_path / "set", files), workspace).id


def test_a_name_that_differs_only_in_case_or_blanks_is_made_only_by_who_is_sure(opened: tuple[Editor, str]) -> None:
    editor, id = opened
    for requested in (
        {"kind": "rename", "classes": ["cat"], "label": "Dog"},
        {"kind": "merge", "classes": ["cat", "Dog"], "label": " Dog "},
        {"kind": "move", "places": [0], "label": "sea_horse"},
    ):
        with pytest.raises(SimilarNameError) as refused:
            editor.edit(id, requested, "me", local=True)
        assert refused.value.known in ("dog", "sea horse")
    sure = {"kind": "rename", "classes": ["cat"], "label": "Dog", "sure": True}
    assert editor.edit(id, sure, "me", local=True).classes == ("Dog", "dog", "sea horse")


def test_a_class_may_be_spelt_anew_and_pictures_moved_to_one_that_is_there(opened: tuple[Editor, str]) -> None:
    editor, id = opened
    assert "Cat" in editor.edit(id, {"kind": "rename", "classes": ["cat"], "label": "Cat"}, "me", local=True).classes
    assert (
        "Dog" in editor.edit(id, {"kind": "merge", "classes": ["Cat", "dog"], "label": "Dog"}, "me", local=True).classes
    )
    editor.edit(id, {"kind": "move", "places": [0], "label": "Dog"}, "me", local=True)
    editor.edit(id, {"kind": "move", "places": [0], "label": "another"}, "me", local=True)
