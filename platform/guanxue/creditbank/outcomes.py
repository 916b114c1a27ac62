"""What asks for credit, what is decided about it, what a person holds: the shapes that every source of credit shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

COURSE, CLASS = "course", "class"
ATTENDANCE, MARK = COMPONENTS = ("attendance", "mark")


@dataclass(frozen=True)
class Outcome:
    """A learning outcome that asks for credit.

    `source` says where it comes from, `key` is its only-once key inside the source. `subject` is what it is about, for
    duplicates and upgrades ("course:<slug>", "class:<code>", "occupation:<code>", "contest:<slug>:<year>"). `asked_milli` are
    millicredits before any bound, `hours_milli` thousandths of class hours. `category` is a kind of the catalogue, `provider`
    an institution's code or "city", `level` one of the qualification framework. `document` (integers and strings) is
    everything the entry is explained by. `policy_id` is the training policy whose bounds hold, where one does; `ref` is how
    audit lines name it. `measure` tells how good it is, by component (MARK of 0…100, ATTENDANCE in permille; what it does not
    have is not named): from evidence, so only where a floor asks. What it tells never becomes less.
    """

    source: str
    key: str
    person_id: int
    subject: str
    title: str
    asked_milli: int
    hours_milli: int
    category: str
    provider: str
    level: int | None
    finished_at: datetime
    is_online: bool
    document: dict = field(default_factory=dict)
    policy_id: int | None = None
    ref: str = ""
    measure: Callable[[], Mapping[str, int]] = field(default=dict, compare=False)


@dataclass(frozen=True)
class Decision:
    """What is decided about an outcome: millicredits given, the code of the rule that bound it ("" none did), the version of
    the rules, the same in sentences; and the entry with its code once it is posted."""

    outcome: Outcome
    given_milli: int
    rule: str
    policy: str
    sentences: tuple[object, ...] = ()
    entry_number: int | None = None
    code: str | None = None


@dataclass(frozen=True)
class Holding:
    """A credit that stands on an account: neither reversed nor expired. `entry_number` and `code` are those of its award.

    `valid_until` is the last city day on which it stands, None without end; `content` names the lessons that it was given for.
    """

    source: str
    subject: str
    title: str
    category: str
    provider: str
    level: int | None
    is_online: bool
    millicredits: int
    finished_at: datetime
    entry_number: int
    code: str
    valid_until: date | None = None
    content: tuple[str, ...] = ()
