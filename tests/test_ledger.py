"""What benchmarks have measured: read and appended by several processes, of which each may be killed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))

from ledger import Ledger, add_options, shared


def test_a_line_that_a_kill_left_unfinished_is_neither_read_nor_joined(tmp_path, capsys):
    ledger = Ledger("it", tmp_path / "new folder" / "it.jsonl")
    assert ledger.results() == [] and not ledger.knows(seed=1)
    ledger.append({"seed": 1})
    with ledger.path.open("a") as file:
        file.write('{"seed": 2, "accur')
    assert [row["seed"] for row in ledger.results()] == [1]
    ledger.append({"seed": 3})
    assert [row["seed"] for row in ledger.results()] == [1, 3] and not ledger.knows(seed=2)
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_the_shares_are_all_parts_and_each_once():
    parser = argparse.ArgumentParser()
    add_options(parser)
    found = [list(shared(range(11), parser.parse_args(["--share", str(at), "4"]))) for at in range(4)]
    assert sorted(part for each in found for part in each) == list(range(11)) and [len(each) for each in found] == [
        3,
        3,
        3,
        2,
    ]
    assert list(shared(range(3), parser.parse_args([]))) == [0, 1, 2]
