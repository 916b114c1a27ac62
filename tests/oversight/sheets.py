"""The sheets of a town by themselves: who copied and who worked alone, for the one detector that nothing but answers feed.

    .venv/bin/python -m tests.oversight.sheets --seed 7 [--seeds N]

Pure, a second a town, where a whole city (city.py) takes a minute. Among the honest are those whom rarity alone would accuse: two
trades that each know half of the questions, a class that was taught two wrong answers, people who go on trying.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from guanxue.oversight import detectors

ALONE, KNOW_ALL, TRADES, TAUGHT, RETRY = 150, 30, 80, 20, 30  # the honest: how many of each
PAIRS, GROUPS, LATE_PAIRS = 10, (3, 4, 4), 4  # those who copy: in pairs, in larger groups, at the second try
FEWEST_WRONG = 8  # whoever copies a sheet that is nearly right cannot be told from somebody who knows: the board says so
STEMS = "测量加工检验装配焊接注塑裁剪缝纫包装搬运清洁润滑夹具刀具图纸公差材料温度压力速度"

Picks = list[int]


class Bank:
    """Questions with their difficulty and their popular mistakes; option 0 is right."""

    def __init__(self, chance: random.Random, count: int) -> None:
        self.right = [0] * count
        self.hard = [chance.uniform(0.08, 0.5) for _q in range(count)]
        self.pull = [[chance.uniform(1, 6) for _o in range(3)] for _q in range(count)]
        words = lambda n: "".join(chance.choice(STEMS) for _c in range(n))  # noqa: E731
        self.gift = "\n\n".join(
            f"::q{q}::{words(chance.randint(35, 70))}？{{\n  ={words(12)}甲\n  ~{words(12)}乙\n  ~{words(12)}丙\n  ~{words(12)}丁\n}}"
            for q in range(1, count + 1))

    def picks(self, chance: random.Random, skill: float) -> list[int | None]:
        """How somebody of that skill (higher errs more) answers by themselves."""
        return [chance.choices((1, 2, 3), self.pull[q])[0] if chance.random() < min(0.9, self.hard[q] * skill) else 0
                for q in range(len(self.right))]

    def copied(self, chance: random.Random, source: list[int | None], skill: float) -> list[int | None]:
        """A sheet copied from another, with a slip of their own here and there."""
        own = self.picks(chance, skill)
        return [s if chance.random() < 0.93 else o for s, o in zip(source, own, strict=True)]


@dataclass
class Sheets:
    """What everybody handed in, who is honest, who copied with whom."""

    chance: random.Random
    tries: list[detectors.Try] = field(default_factory=list)
    honest: set[int] = field(default_factory=set)
    groups: list[set[int]] = field(default_factory=list)
    people: int = 0

    def hand_in(self, papers: Sequence[Picks | None], *earlier: Sequence[Picks | None]) -> int:
        """Somebody's attempts at each paper, the earlier ones given after the last; who it was."""
        self.people += 1
        for number, attempt in enumerate((*earlier, papers)):
            for paper, picks in enumerate(attempt):
                if picks is not None:
                    labels = {f"q{n}": (str(pick), pick == 0) for n, pick in enumerate(picks)}
                    self.tries.append(detectors.Try(f"attempt:{self.people}-{paper}-{number}", self.people, paper, "", "", 0, 1,
                                                    0, 50, number == 0, labels))
        return self.people


def town(seed: int) -> Sheets:
    """Two papers and everybody's answers to them."""
    chance = random.Random(seed)
    banks, found = (Bank(chance, 20), Bank(chance, 15)), Sheets(chance)
    _honest(found, chance, banks)
    for size in (*[2] * PAIRS, *GROUPS):
        skill, source = _source(chance, banks)
        found.groups.append({found.hand_in(source), *(
            found.hand_in([b.copied(chance, s, skill) for b, s in zip(banks, source, strict=True)]) for _n in range(size - 1))})
    for _n in range(LATE_PAIRS):
        skill, source = _source(chance, banks)
        own = [b.picks(chance, skill) for b in banks]
        found.groups.append({found.hand_in(source), found.hand_in(
            [b.copied(chance, s, skill) for b, s in zip(banks, source, strict=True)], own)})
    return found


def _source(chance: random.Random, banks: Sequence[Bank]) -> tuple[float, list[Picks]]:
    skill, source = chance.uniform(1.1, 1.7), []
    while sum(pick != 0 for picks in source for pick in picks) < FEWEST_WRONG:
        source = [b.picks(chance, skill) for b in banks]
    return skill, source


def _honest(found: Sheets, chance: random.Random, banks: Sequence[Bank]) -> None:
    def alone(skill: float) -> list[Picks | None]:
        return [b.picks(chance, skill) if chance.random() < 0.9 else None for b in banks]

    trades = [[chance.randrange(2) for _q in b.right] for b in banks]
    taught = [{chance.randrange(len(b.right)): chance.randint(1, 3) for _n in range(2)} for b in banks]
    for _n in range(ALONE):
        found.honest.add(found.hand_in(alone(chance.uniform(0.4, 1.7))))
    for _n in range(KNOW_ALL):
        found.honest.add(found.hand_in([[chance.randint(1, 3) if chance.random() < 0.03 else 0 for _q in b.right] for b in banks]))
    for n in range(TRADES):  # what is their own trade they fail half as often, the other's half as often again
        skill, mixed = chance.uniform(0.4, 1.7), []
        for bank, trade in zip(banks, trades, strict=True):
            near, far = bank.picks(chance, skill / 1.5), bank.picks(chance, skill * 1.5)
            mixed.append([a if whose == n % 2 else b for a, b, whose in zip(near, far, trade, strict=True)])
        found.honest.add(found.hand_in(mixed))
    for _n in range(TAUGHT):
        found.honest.add(found.hand_in([[wrong.get(q, pick) for q, pick in enumerate(b.picks(chance, chance.uniform(0.4, 1.7)))]
                                        for b, wrong in zip(banks, taught, strict=True)]))
    for _n in range(RETRY):
        skill = chance.uniform(1.0, 1.8)
        found.honest.add(found.hand_in(alone(skill / 2), alone(skill), alone(skill / 1.4)))


@dataclass(frozen=True)
class Score:
    """Of a town: the share of copiers found, honest people accused, groups told as one finding with everybody in it."""

    recall: float
    accused: int
    whole_groups: int


def judge(sheets: Sheets) -> Score:
    """What the detector makes of it."""
    findings = [set(f.person_ids) for f in detectors.answers(sheets.tries)]
    found, copied = set().union(*findings), set().union(*sheets.groups)
    return Score(len(found & copied) / len(copied), len(found & sheets.honest), sum(g in findings for g in sheets.groups))


def main() -> int:
    """Print a line for each town; 1 where a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--seeds", type=int, default=1, help="so many towns, one after the other")
    options, missed = parser.parse_args(), 0
    for seed in range(options.seed, options.seed + options.seeds):
        sheets = town(seed)
        score = judge(sheets)
        print(f"seed {seed}: recall {score.recall:.2f}, accused {score.accused} of {len(sheets.honest)}, "
              f"groups whole {score.whole_groups} of {len(sheets.groups)}", flush=True)
        missed += score.recall < 0.9 or score.accused > 0
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
