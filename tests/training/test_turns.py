"""People take turns at a device; each has the own trainings in the order of asking."""

import random
from itertools import pairwise

import pytest

from resnet_studio.training.turns import Turns

PEOPLE = "abcde"


def owner(thing):
    return thing[0]


def test_one_with_a_single_training_overtakes_one_with_many():
    turns = Turns(owner)
    waiting = ["a1", "a2", "a3", "a4", "b1", "c1", "c2"]
    assert turns.order(waiting) == ["a1", "b1", "c1", "a2", "c2", "a3", "a4"]
    turns.took("a1")
    assert turns.order(waiting[1:]) == ["b1", "c1", "a2", "c2", "a3", "a4"]
    turns.took("b1")
    assert turns.order(["a2", "a3", "a4", "c1", "c2", "b2"]) == ["c1", "a2", "b2", "c2", "a3", "a4"]


def test_what_belongs_to_nobody_known_stays_in_the_order_of_asking():
    assert Turns(lambda _: "").order([3, 1, 2]) == [3, 1, 2]


@pytest.mark.parametrize("seed", range(40))
def test_the_turns_keep_their_promises_whatever_people_do(seed):
    """A model: who asks, leaves and is served at random; what was promised is held against what happened."""
    draw = random.Random(seed)
    turns, waiting, served, asked = Turns(owner), [], [], 0
    for _ in range(200):
        act = draw.random()
        if act < 0.5:
            asked += 1
            waiting.append((draw.choice(PEOPLE[: draw.randint(1, 5)]), asked))
        elif act < 0.6 and waiting:
            waiting.remove(draw.choice(waiting))
        elif waiting:
            promised = turns.order(waiting)
            assert sorted(promised) == sorted(waiting)  # nobody is lost, nobody comes twice
            now = promised[0]
            own = [thing for thing in waiting if owner(thing) == owner(now)]
            assert now == own[0]  # the order of one's own is kept
            served.append((owner(now), {owner(thing) for thing in waiting}))
            turns.took(now)
            waiting.remove(now)
            assert turns.order(waiting) == promised[1:]  # a place holds as long as nobody comes or goes
    for person in PEOPLE:
        at = [number for number, (who, _) in enumerate(served) if who == person]
        for one, next_one in pairwise(at):
            between = [who for who, _ in served[one + 1 : next_one]]
            waited = set.intersection(*(there for _, there in served[one : next_one + 1])) - {person}
            assert waited <= set(between), "somebody waited all the while and another had two turns"
            if all(person in there for _, there in served[one + 1 : next_one]):
                assert len(between) == len(set(between)), "nobody waits for more than one training of another"
