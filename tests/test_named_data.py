"""Where Python asks for a data set, the place that one is opened from will do."""

from __future__ import annotations

import made
import pytest

import resnet_studio as studio
from resnet_studio import api
from resnet_studio.config import TrainConfig
from resnet_studio.errors import DataError

FAST = TrainConfig(
    weights="scratch", epochs=1, picture_size=32, freeze="layer4", batch_size=8, device="cpu", augmentation="none"
)
pytestmark = [pytest.mark.usefixtures("narrow"), pytest.mark.slow]


@pytest.mark.parametrize("as_text", [True, False])
def test_a_folder_a_zip_and_a_sample_are_opened_by_name(tmp_path, workspace, class_zip, as_text):
    zipped = class_zip({"cat": 8, "dog": 8})
    given = str(zipped) if as_text else zipped
    run = studio.train(given, FAST, workspace=workspace)
    assert run.state().finished and run.about["classes"] == ["cat", "dog"]
    folder = made.write(tmp_path / "one", {f"cat/{n}.png": made.picture(n + 50) for n in range(3)})
    scored = [studio.evaluate(run, where, workspace=workspace).count for where in (folder, str(folder))]
    assert scored == [3, 3] and studio.evaluate_together([run, run.best], str(folder), workspace=workspace).count == 3


@pytest.mark.parametrize("work", [studio.train, studio.cross_validate, api.repeat, api.find_learning_rate])
def test_what_is_not_there_is_a_sentence(tmp_path, workspace, work):
    with pytest.raises(DataError, match="no file or folder"):
        work(tmp_path / "nowhere", FAST, workspace=workspace)


@pytest.mark.parametrize("work", [studio.race, studio.search])
def test_what_is_not_there_is_a_sentence_for_studies_too(tmp_path, workspace, work):
    with pytest.raises(DataError, match="no file or folder"):
        work(str(tmp_path / "nowhere"), FAST, workspace=workspace)
