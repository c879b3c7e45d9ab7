"""Where several tests are made at once, the p-values are Holm's, as the closure of Bonferroni's tests defines them."""

import itertools
import json

import hand_made
import numpy as np
import pytest
from scipy import stats

from resnet_studio.evaluation import compare, groups
from resnet_studio.evaluation.paired_tests import holm
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.workspace import Run

pytestmark = pytest.mark.usefixtures("narrow")


def by_closure(p_values):
    """A hypothesis is rejected at a level if Bonferroni rejects every intersection that it is part of (Marcus, Peritz
    and Gabriel 1976): so its adjusted p-value is the largest of theirs.
    """
    places = range(len(p_values))
    subsets = [chosen for size in places for chosen in itertools.combinations(places, size + 1)]
    return [
        max(min(1.0, len(chosen) * min(p_values[at] for at in chosen)) for chosen in subsets if place in chosen)
        for place in places
    ]


def test_the_correction_is_the_closure_of_bonferronis_tests():
    draw = np.random.default_rng(0)
    for count in range(1, 8):
        p_values = (draw.random(count) ** 3).tolist()
        assert holm(p_values) == pytest.approx(by_closure(p_values))
    assert holm([0.03, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06]) and holm([]) == []


def scored_run(workspace, name, wrong, *, facts=None, dataset="digits"):
    """A run of two classes with 30 test pictures each, of which it has those at the places ``wrong`` wrong."""
    run = hand_made.new_run(workspace, name=name, count=90, dataset=dataset)
    if facts:
        split = json.loads((run.folder / "split.json").read_text())
        split["test"]["facts"] = [json.dumps(facts(at)) for at in range(60)]
        (run.folder / "split.json").write_text(json.dumps(split))
        run = Run(run.folder)
    hand_made.train(run, epochs=1)
    hand_made.finish(run, hand_made.report_of(run, wrong={at: 1 - at // 30 for at in wrong}))
    return run


@pytest.mark.slow
def test_each_pair_of_runs_has_the_binomials_p_value_and_the_corrected_one(workspace):
    mistakes = [set(), set(range(6)), set(range(3, 12)), set(range(0, 40, 2))]
    runs = [scored_run(workspace, f"run {at}", wrong) for at, wrong in enumerate(mistakes)]
    found = compare.compare(runs).pairs
    pairs = list(itertools.combinations(mistakes, 2))
    expected = [stats.binomtest(len(ours - theirs), len(ours ^ theirs)).pvalue for ours, theirs in pairs]
    corrected = by_closure(expected)
    assert [pair.p_value for pair in found] == pytest.approx(expected)
    assert [pair.p_adjusted for pair in found] == pytest.approx(corrected)
    assert [pair.tells_apart for pair in found] == [p < 0.05 for p in corrected]
    assert any(p < 0.05 <= q for p, q in zip(expected, corrected, strict=True))


def test_each_column_of_a_table_has_fishers_p_value_and_the_corrected_one(workspace):
    wrong = {*range(0, 30, 2), 40}
    columns = {
        "light": lambda at: "day" if at % 2 else "night", "camera": lambda at: "old" if at % 7 < 4 else "new",
        "place": lambda at: "wood" if at < 20 or at > 50 else "farm",
    }  # fmt: skip
    run = scored_run(workspace, "one", wrong, facts=lambda at: {name: of(at) for name, of in columns.items()})
    expected = {}
    for name, of in columns.items():
        table = np.zeros((2, 2), int)
        for at in range(60):
            table[int(at in wrong), int(of(at) == of(0))] += 1
        expected[name] = stats.fisher_exact(table).pvalue
    corrected = dict(zip(expected, by_closure(list(expected.values())), strict=True))
    found = groups.GROUPS.compute(RunReport(run))
    assert {each.name: each.p_value for each in found} == pytest.approx(expected)
    assert {each.name: each.p_adjusted for each in found} == pytest.approx(corrected)


@pytest.mark.slow
def test_small_groups_have_the_p_value_of_all_shuffles():
    """Of pictures of one class that of scipy's shuffled tables, of several that of all shuffles within each class."""
    draw = np.random.default_rng(7)
    member, right = draw.integers(0, 3, 24), draw.random(24) < 0.5
    values = [str(each) for each in member]
    table = np.array([[sum((member == at) & (right == good)) for at in range(3)] for good in (True, False)])
    method = stats.PermutationMethod(n_resamples=20_000, rng=0)
    theirs = stats.chi2_contingency(table, correction=False, method=method).pvalue
    ours = groups.grouped("column", "x", values, right, np.zeros(24, np.int64))
    assert 0.05 < theirs < 0.95 and ours.p_value == pytest.approx(theirs, abs=0.015)


def test_what_classes_explain_is_that_of_all_shuffles_within_each_class():
    member = np.array([0, 0, 0, 0, 0, 1, 0, 1, 1, 1, 1, 1])
    labels = np.repeat([0, 1], 6)
    right = np.array([1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0], bool)

    def uneven(answers):
        share = [answers[labels == label].mean() for label in (0, 1)]
        return sum(
            (answers[member == at].sum() - sum(share[label] for label in labels[member == at])) ** 2
            / (member == at).sum()
            for at in (0, 1)
        )

    every = []
    for first in itertools.combinations(range(6), right[:6].sum()):
        for second in itertools.combinations(range(6, 12), right[6:].sum()):
            answers = np.zeros(12)
            answers[[*first, *second]] = 1
            every.append(uneven(answers) >= uneven(right.astype(float)) - 1e-9)
    found = groups.grouped("column", "x", [str(each) for each in member], right, labels)
    assert found.p_value < 0.05 and found.p_within == pytest.approx(np.mean(every), abs=0.01)
