"""What a credential will say of an award, gathered from the ledger's entry and from what it rests on."""

from __future__ import annotations

import json
from datetime import datetime

from guanxue import accounts, classes, courses, creditbank, learning, ledger, standards
from guanxue.core import clock
from guanxue.core.settings import settings
from guanxue.credentials import rules
from guanxue.credentials.document import Facts
from guanxue.policies import MATCHED, SEEN, STATED

# A credential speaks Chinese, whoever asks for it: it is read by others, and the same award makes the same words.
IDENTITY = {MATCHED: "证件原件与权威数据都核对过", SEEN: "工作人员看过证件原件", STATED: "本人填写了证件号码，未核对"}
UNCHECKED = "手机号码注册，未核对证件"
QUALITY = "内容经审核后发布；学习和到课有逐分钟记录；学分记在只增不改、带签名的账本里，规则版本公开"
MOST_OUTCOMES = 12


def gather(award_code: str, edition: int, holder_id: int, *, status_index: int, issued_at: datetime) -> tuple[Facts, int]:
    """(what the credential says, the entry's number). The holder is who has the credit now."""
    seen = creditbank.verify(award_code)
    entry = ledger.get_entry(seen.line.number)
    document, line = json.loads(entry.document), seen.line
    earner = earner_of(entry.number)
    own = _of_course(document, earner) if rules.KINDS[line.kind] == "course" else _of_class(document, earner)
    return Facts(
        serial=rules.serial_of(award_code, edition), code=award_code, kind=rules.KINDS[line.kind], title=line.title,
        **identity_of(holder_id), issued_at=issued_at, expires_at=None, credits_milli=line.amount,
        hours_milli=line.class_hours_milli, quality=f"{QUALITY}（{line.policy}）",
        stackability="学分存入学分银行，可以累计和转换",
        entry_number=entry.number, status_index=status_index, subject=subject_of(rules.serial_of(award_code, edition)), **own,
    ), entry.number


def earner_of(entry_number: int) -> int:
    """Whose account an award's entry put its credit on."""
    return next(int(a.removeprefix("person:")) for a, _amount in ledger.postings_of(entry_number) if a.startswith("person:"))


def identity_of(person_id: int) -> dict:
    """The holder's part: name, masked document, how far it was checked."""
    shown = accounts.shown_document(person_id)
    return {"name": accounts.get_person(person_id).name, "identity": " ".join(shown) if shown else "",
            "identity_check": IDENTITY.get(accounts.level_of(person_id), UNCHECKED)}


def level_said(identity_check: str) -> int:
    """How well the holder was known, by the words of a file."""
    return next((level for level, said in IDENTITY.items() if said == identity_check), 0)


def subject_of(serial: str) -> str:
    """The holder's address in a credential."""
    return rules.subject_of(settings().derive_key("credentials.subject"), serial)


def _of_course(document: dict, earner: int) -> dict:
    completion = next(c for c in learning.list_completions(earner) if c.evidence_digest == document["evidence"])
    revision = courses.get_revision(completion.revision_id)
    lessons = [x.title for x in courses.lessons_of(revision.id) if x.kind != "quiz"]
    place = courses.institution_of(courses.courses_by_id([completion.course_id])[completion.course_id])
    mark = revision.pass_mark
    return {
        "began_at": learning.get_enrolment(completion.enrolment_id).enrolled_at, "ended_at": completion.completed_at,
        "institution": place.name if place else "", "outcomes": tuple(lessons[:MOST_OUTCOMES]),
        "criteria": f"学完全部课时，并通过课程考核（{mark} 分合格）。", "assessment": f"在线考核，满分 100 分，{mark} 分合格",
        "grade": f"合格（不低于 {mark} 分）", "participation": "线上自学",
        "level": standards.level_word(revision.document.get("level")) or "不分等级",
    }


def _of_class(document: dict, earner: int) -> dict:
    completion = next(c for c in classes.list_completions(earner) if c.evidence_digest == document["evidence"])
    cls = classes.classes_by_id([completion.class_id])[completion.class_id]
    lessons = [x.title for x in courses.lessons_of(cls.revision_id) if x.kind != "quiz"] if cls.revision_id else []
    meetings = [m.title for m in classes.list_meetings(cls.id) if m.cancelled_at is None and m.title]
    place, share = classes.institution_of(cls), cls.share_permille // 10
    with_course = "，并学完配套的线上课程、通过考核" if cls.course_id else ""
    return {
        "began_at": city_moment(cls.begins_on), "ended_at": completion.completed_at,
        "institution": place.name if place else "", "outcomes": tuple(dict.fromkeys([*meetings, *lessons]))[:MOST_OUTCOMES],
        "criteria": f"到课不少于上课时间的 {share}%{with_course}。", "grade": "合格", "level": "不分等级",
        "assessment": "签到签退核对到课" + ("，线上考核" if cls.course_id else ""),
        "participation": "面授和线上结合" if cls.course_id else "面授",
    }


def city_moment(day) -> datetime:
    """The first moment of a day of the city."""
    return datetime(day.year, day.month, day.day, tzinfo=clock.CITY)
