"""Targets that credits count towards: programmes such as 学历+技能, reward schemes, and the shortest way to them.

Credits are a record and never spent: a scheme's reward marks how much of which credits it rests on, so that it never rewards
them twice. Which numbers hold is versioned data with a day; those we ship are our proposal (defaults.py).
"""

from guanxue.programmes.errors import NoSuchProgramme, NothingToMark
from guanxue.programmes.models import Goal, Programme, Reward, Use
from guanxue.programmes.planner import Way
from guanxue.programmes.queries import (
    Reached,
    count_reached,
    get_current,
    get_newest,
    is_over,
    list_current,
    list_goals,
    list_programmes,
    list_reached,
    list_rewarded,
    list_rewards,
    pieces_from,
    pieces_of,
    progress_of,
    progress_with,
    used_by,
    uses_of,
)
from guanxue.programmes.resting import REST
from guanxue.programmes.rules import (
    EVER,
    MOST_CAPS,
    MOST_NEEDS,
    PROGRAMME,
    SCHEME,
    SOURCES,
    YEAR,
    Bucket,
    Counted,
    Piece,
    Progress,
    Selection,
    Target,
    measure,
    read_milli,
    read_target,
)
from guanxue.programmes.service import (
    check_programme,
    choose_goal,
    leave_goal,
    load_defaults,
    mark_rewarded,
    publish_programme,
)
from guanxue.programmes.ways import (
    ATTEND,
    BEGIN,
    FILE,
    GO_ON,
    Found,
    Offer,
    find_way,
    list_certificates,
    list_offers,
)

__all__ = [
    "REST",
    "Programme", "Goal", "Reward", "Use", "Target", "Bucket", "Selection", "Piece", "Counted", "Progress", "Reached", "Way",
    "Found", "Offer", "NoSuchProgramme", "NothingToMark",
    "PROGRAMME", "SCHEME", "EVER", "YEAR", "SOURCES", "MOST_NEEDS", "MOST_CAPS", "GO_ON", "FILE", "BEGIN", "ATTEND",
    "list_programmes", "list_current", "get_current", "get_newest", "pieces_of", "pieces_from", "used_by", "progress_of",
    "progress_with", "list_goals",
    "list_rewards", "uses_of", "list_reached", "count_reached", "list_rewarded", "is_over",
    "measure", "read_milli", "read_target", "publish_programme", "check_programme", "load_defaults", "choose_goal",
    "leave_goal", "mark_rewarded", "list_offers", "list_certificates", "find_way",
]
