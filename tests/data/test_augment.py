import pytest
import torch

from resnet_studio.config import TrainConfig
from resnet_studio.data import augment
from resnet_studio.data.augment import LEVELS, SMALL_LEVELS, AugmentationRecipe
from resnet_studio.data.opening import open_data
from resnet_studio.training.plan import resolve_for


def squares(count=8, side=32):
    torch.manual_seed(0)
    return torch.randint(0, 256, (count, 3, side, side), dtype=torch.uint8)


def pattern(side=64):
    """A picture whose every place has a colour of its own: red grows to the right, green downwards."""
    ramp = torch.linspace(0, 255, side)
    red, green = ramp.expand(side, side), ramp[:, None].expand(side, side)
    return torch.stack([red, green, torch.zeros(side, side)]).round().byte()[None]


@pytest.mark.parametrize("table", [LEVELS, SMALL_LEVELS])
@pytest.mark.parametrize("level", ["none", "light", "standard", "strong"])
def test_every_level_gives_pictures_of_the_asked_size_and_range(table, level):
    pixels = squares()
    size = 32 if table is SMALL_LEVELS or level == "none" else 28
    batch = augment.augment(pixels, torch.ones(8), size, table[level])
    assert batch.shape == (8, 3, size, size)
    assert batch.min() >= 0 and batch.max() <= 1 + 1e-6 and torch.isfinite(batch).all()


def test_no_augmentation_changes_nothing():
    pixels = squares()
    assert torch.equal(augment.augment(pixels, torch.ones(8), 32, AugmentationRecipe()), pixels.float() / 255)


def test_the_same_seed_gives_the_same_pictures_and_another_seed_others():
    pixels = squares()

    def drawn(seed):
        torch.manual_seed(seed)
        return augment.augment(pixels, torch.ones(8), 28, LEVELS["strong"])

    assert torch.equal(drawn(1), drawn(1))
    assert not torch.equal(drawn(1), drawn(2))


def test_mirroring_is_exact_and_happens_half_of_the_time():
    pixels = squares(200)
    torch.manual_seed(1)
    batch = augment.augment(pixels, torch.ones(200), 32, AugmentationRecipe(flip=True))
    plain = pixels.float() / 255
    mirrored = [torch.equal(one, other.flip(-1)) for one, other in zip(batch, plain, strict=True)]
    kept = [torch.equal(one, other) for one, other in zip(batch, plain, strict=True)]
    assert all(a != b for a, b in zip(mirrored, kept, strict=True))
    assert 70 <= sum(mirrored) <= 130


def test_flip_off_never_mirrors():
    how = augment.recipe(TrainConfig(augmentation="standard", horizontal_flip=False, picture_size=64), small=False)
    torch.manual_seed(0)
    batch = augment.augment(pattern().expand(50, 3, 64, 64), torch.ones(50), 56, how)
    assert (batch[:, 0, :, -1].mean(1) > batch[:, 0, :, 0].mean(1)).all()


def test_a_crop_keeps_true_proportions_of_a_wide_picture():
    torch.manual_seed(0)
    how = AugmentationRecipe(area=(0.2, 0.2), stretch=1.0)
    batch = augment.augment(pattern().expand(20, 3, 64, 64), torch.full((20,), 2.0), 32, how)
    across = batch[:, 0, 16, -1] - batch[:, 0, 16, 0]  # share of the width
    down = batch[:, 1, -1, 16] - batch[:, 1, 0, 16]  # share of the height
    assert torch.allclose(2 * across, down, rtol=0.05)


def test_crops_cover_the_asked_share_of_the_picture():
    torch.manual_seed(0)
    batch = augment.augment(pattern().expand(40, 3, 64, 64), torch.ones(40), 32, AugmentationRecipe(area=(0.5, 0.5)))
    across = (batch[:, 0, 16, -1] - batch[:, 0, 16, 0]) * 32 / 31
    assert across.mean() == pytest.approx(0.5**0.5, rel=0.03)


def test_small_pictures_are_moved_by_whole_pixels_up_to_an_eighth():
    torch.manual_seed(0)
    pixels = pattern(32).expand(60, 3, 32, 32)
    batch = augment.augment(pixels, torch.ones(60), 32, SMALL_LEVELS["light"])
    moves = ((batch[:, 0, 16, 16] - pixels[0, 0, 16, 16] / 255) * 31).round()
    assert moves.min() >= -4 and moves.max() <= 4 and len(moves.unique()) >= 6
    levels = set((pixels[0, 0] / 255).flatten().mul(255).round().int().tolist())
    assert set(batch[:, 0, 8:24, 8:24].mul(255).round().int().flatten().tolist()) <= levels


def test_colour_jitter_stays_within_its_bounds():
    grey = torch.full((100, 3, 8, 8), 100, dtype=torch.uint8)
    torch.manual_seed(0)
    batch = augment.augment(grey, torch.ones(100), 8, AugmentationRecipe(jitter=0.2))
    brightness = batch.mean((1, 2, 3)) * 255
    assert brightness.min() >= 79 and brightness.max() <= 121 and brightness.std() > 5


def test_erasing_greys_one_square_of_up_to_a_fifth_anywhere_in_its_share_of_the_pictures():
    torch.manual_seed(0)
    batch = torch.ones(2_000, 3, 32, 32)
    augment.erase_patches(batch, 0.25)
    grey = batch == 0.5
    assert torch.equal(grey, grey[:, :1].expand_as(grey)) and (batch[~grey] == 1).all()
    erased = grey[:, 0][grey.flatten(1).any(1)]
    assert len(erased) / 2_000 == pytest.approx(0.25, abs=0.03)
    heights, widths = erased.any(2).sum(1), erased.any(1).sum(1)
    assert torch.equal(heights, widths) and torch.equal(heights * widths, erased.flatten(1).sum(1))
    area = (heights * widths) / 32**2
    assert area.min() >= 0.015 and area.max() <= 0.2 and area.mean() == pytest.approx(0.11, abs=0.01)
    touched = erased.float().mean(0)
    assert touched[0].max() > 0 and touched[-1].max() > 0 and touched[:, 0].max() > 0 and touched[:, -1].max() > 0
    assert torch.allclose(touched, touched.flip(0, 1), atol=0.12)


def test_the_plain_view_is_what_the_preprocessing_shows():
    wide = torch.full((1,), 2.0)
    view = augment.centre(pattern(), wide, 28, 224 / 256)
    across = (view[0, 0, 14, -1] - view[0, 0, 14, 0]) * 28 / 27
    down = (view[0, 1, -1, 14] - view[0, 1, 0, 14]) * 28 / 27
    assert across == pytest.approx(0.875 / 2, rel=0.05) and down == pytest.approx(0.875, rel=0.05)
    assert view[0, 0].mean() == pytest.approx(0.5, abs=0.02)


def test_normalising_uses_the_mean_and_deviation_of_each_channel():
    batch = augment.normalise(torch.full((1, 3, 2, 2), 0.5), (0.5, 0.4, 0.3), (0.1, 0.2, 0.4))
    assert batch[0, :, 0, 0].tolist() == pytest.approx([0.0, 0.5, 0.5])


@pytest.mark.parametrize("kind", ["mixup", "cutmix", "both"])
def test_mixing_pictures_mixes_their_labels_alike(kind):
    torch.manual_seed(0)
    labels = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])
    batch = torch.stack([torch.full((3, 16, 16), float(label)) for label in labels])
    for _ in range(5):
        mixed, soft = augment.mix(batch.clone(), labels, 3, kind)
        assert torch.allclose(soft.sum(1), torch.ones(8))
        expected = (soft * torch.arange(3.0)).sum(1)
        assert torch.allclose(mixed.mean((1, 2, 3)), expected, atol=1e-4)


def test_a_preview_waits_for_a_step_that_draws_random_numbers(class_folders, workspace, monkeypatch):
    vary, held = augment.augment, []
    monkeypatch.setattr(augment, "augment", lambda *given: (held.append(augment.RANDOM.locked()), vary(*given))[1])
    dataset = open_data(class_folders({"cat": 6, "dog": 6}), workspace)
    config, parts = resolve_for(dataset, TrainConfig(weights="scratch", device="cpu"))
    before = torch.random.get_rng_state()
    assert len(augment.preview(parts, config, count=2)) == 2 and held == [True]
    assert torch.equal(torch.random.get_rng_state(), before)
