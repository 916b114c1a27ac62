"""What presence checks are called, for learners and officers."""

from __future__ import annotations

from guanxue.core.i18n import lazy as _
from guanxue.learning.presence import Challenge
from guanxue.learning.presence_rules import CODE, FACE, QUESTION, ROLL, TAP

KINDS = {TAP: _("点“我在”"), QUESTION: _("答一道题"), CODE: _("输入老师报的数字"), ROLL: _("老师点名"), FACE: _("刷脸")}
PROMPTS = {
    TAP: _("你还在学吗？"),
    QUESTION: _("刚才讲了什么？选一个。"),
    CODE: _("老师报的数字是多少？"),
    ROLL: _("等老师点名。老师点到你，就接着学。"),
    FACE: _("去刷脸的页面，做完再回来。"),
}
GAP_PROMPT = _("刚才这句话，空里是哪个词？")
OUTCOMES = {"waiting": _("等你确认"), "passed": _("已确认"), "missed": _("没等到确认"), "made_up": _("补上了")}
# The player's protocol knew a tap as "present" before there were others.
API_KINDS = {TAP: "present"}


def prompt_of(challenge: Challenge) -> object:
    """What is asked."""
    return GAP_PROMPT if challenge.kind == QUESTION and challenge.text else PROMPTS[challenge.kind]


def api_kind(kind: str) -> str:
    """What the API calls a kind."""
    return API_KINDS.get(kind, kind)


def kind_of_api(name: str) -> str:
    """The kind that the API calls so."""
    return next((kind for kind, called in API_KINDS.items() if called == name), name)
