import os
import time

import numpy as np
import pytest

from resnet_studio.data.cache import ArrayCache


def put(cache, key, value, count=1000):
    with cache.building(key, {"numbers": ((count,), "<f4")}) as building:
        building.arrays["numbers"][:] = value
        building.notes["value"] = value


@pytest.fixture
def cache(tmp_path):
    return ArrayCache(tmp_path / "cache", budget=20_000)


def test_what_was_put_in_comes_out_and_nothing_else(cache):
    put(cache, "one", 7)
    entry = cache.get("one")
    assert (entry.arrays["numbers"] == 7).all() and entry.notes == {"value": 7}
    assert cache.get("two") is None


def test_a_key_follows_from_every_part_of_it(cache):
    keys = {cache.key("a", 1), cache.key("a", 2), cache.key("b", 1), cache.key("a", [1]), cache.key("a", 1, None)}
    assert len(keys) == 5 and cache.key("a", 1) in keys


def test_an_entry_that_was_not_finished_is_not_there(cache):
    with pytest.raises(RuntimeError), cache.building("half", {"numbers": ((10,), "<f4")}):
        raise RuntimeError("the power went")
    assert cache.get("half") is None and list(cache.folder.iterdir()) == []


def test_the_budget_holds_and_what_was_used_last_stays(cache):
    for number in range(4):
        put(cache, str(number), number)
        os.utime(cache.folder / str(number) / "notes.json", (time.time() - 100 + number,) * 2)
    assert cache.get("0") is not None  # used: now the youngest
    put(cache, "new", 9, 2000)
    assert cache.size() <= 20_000
    assert cache.get("0") is not None and cache.get("new") is not None and cache.get("1") is None


def test_writing_into_an_entry_does_not_change_the_file(cache):
    put(cache, "one", 7)
    cache.get("one").arrays["numbers"][:] = 0
    assert (cache.get("one").arrays["numbers"] == 7).all()


def test_an_entry_of_which_only_a_part_is_left_is_made_anew(cache):
    put(cache, "one", 7)
    (cache.folder / "one" / "notes.json").unlink()
    assert cache.get("one") is None
    put(cache, "one", 8)
    assert (cache.get("one").arrays["numbers"] == 8).all()


def test_too_large_an_entry_has_no_room(cache):
    assert cache.has_room(10_000) and not cache.has_room(20_001)


def test_clearing_frees_what_was_kept(cache):
    put(cache, "one", 7)
    assert cache.clear() > 4000 and cache.get("one") is None
    put(cache, "one", 8)
    assert np.all(cache.get("one").arrays["numbers"] == 8)
