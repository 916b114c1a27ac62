"""Pure rules of the help desk: what may be said, how soon staff should have spoken."""

from __future__ import annotations

from datetime import datetime, timedelta

from guanxue.core.i18n import lazy as _

TOPICS = {
    "lesson": _("看课、考核"),
    "credit": _("学时、学分、证明"),
    "account": _("登录、账号"),
    "suggestion": _("建议"),
    "other": _("其他"),
}
LONGEST_TEXT = 2000
PERSON_A_DAY, ADDRESS_AN_HOUR, WORDS_A_DAY = 10, 5, 60
# The service level that subsidised training asks for: an answer within two hours, at any hour.
ANSWER_WITHIN = timedelta(hours=2)


def is_late(state: str, asked_at: datetime, now: datetime) -> bool:
    """Has the asker waited longer than they should?"""
    return state == "open" and now - asked_at > ANSWER_WITHIN
