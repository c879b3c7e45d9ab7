"""The benchmark over a grid of sets, in short: its sets are what they say, and its arms answer the same pictures."""

import argparse
import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))

import grid
import ledger

SMALL = grid.Cell("digits", 3, 6, 20, seed=1)


@pytest.mark.slow
def test_a_cell_has_the_size_shape_and_colour_that_it_says():
    for cell in (SMALL, grid.Cell("digits", 2, 5, 40, wide=True, grey=True)):
        chosen = grid.pictures(cell, argparse.Namespace())
        assert len(chosen) == cell.classes
        for pictures in chosen.values():
            assert len(pictures) == cell.per_class + max(5, grid.TESTED // cell.classes)
            assert {picture.size for picture in pictures} == {(cell.side * (2 if cell.wide else 1), cell.side)}
    assert grid.pictures(SMALL, argparse.Namespace()).keys() == grid.pictures(SMALL, argparse.Namespace()).keys()


@pytest.mark.long
def test_all_arms_answer_the_same_pictures_and_a_second_run_measures_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(ledger, "RESULTS", tmp_path)
    monkeypatch.setattr(grid, "LOOP_EPOCHS", 2)
    monkeypatch.setattr(grid, "TESTED", 30)
    settings = {"epochs": 2, "picture_size": 32}
    grid.measure(SMALL, grid.USUAL, settings, argparse.Namespace())
    results = [json.loads(line) for line in (tmp_path / "grid.jsonl").read_text().splitlines()]
    assert [each["arm"] for each in results] == ["default epochs=2 picture_size=32", "loop", "logistic"]
    assert {len(each["right"]) for each in results} == {30}
    grid.measure(SMALL, grid.USUAL, settings, argparse.Namespace())
    assert len((tmp_path / "grid.jsonl").read_text().splitlines()) == 3
    monkeypatch.setattr(grid, "measure", None)
    plain = [{**each, "arm": each["arm"].split()[0]} for each in results]
    (tmp_path / "grid.jsonl").write_text("\n".join(map(json.dumps, plain)) + "\n")
    assert "comparisons lost" in grid.table() and "| digits | 3 | 6 | 20 | square | 1 |" in grid.table()
