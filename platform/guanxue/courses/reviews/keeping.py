"""What review, rights and complaints keep of a person: told in an export, and what of it goes when they go."""

from __future__ import annotations

from sqlalchemy import select, update

from guanxue.accounts import Effect
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.courses.models import Course
from guanxue.courses.reviews.models import Candidate, Complaint, ComplaintLine, Remark, RemarkLine, Rights, Verdict

# Table → where export() tells of it.
KEEPS = {"courses_complaint": "complaints", "courses_complaint_line": "case_lines", "courses_remark": "review_remarks",
         "courses_remark_line": "remark_lines", "courses_verdict": "verdicts", "courses_rights": "declarations"}


def export(person_id: int) -> dict:
    """Complaints they filed, and what they said as authors, readers and officers."""
    ref = f"person:{person_id}"
    filed = session.execute(select(Complaint, Course.title).join(Course, Course.id == Complaint.course_id)
                            .where(Complaint.person_id == person_id).order_by(Complaint.id))
    remarks = session.execute(select(Remark, Course.title).join(Course, Course.id == Remark.course_id)
                              .where(Remark.by == ref).order_by(Remark.id))
    verdicts = session.execute(select(Verdict, Course.title).join(Candidate, Candidate.id == Verdict.candidate_id)
                               .join(Course, Course.id == Candidate.course_id).where(Verdict.by == ref).order_by(Verdict.id))
    rights = session.execute(select(Rights, Course.title).join(Course, Course.id == Rights.course_id)
                             .where(Rights.by == ref).order_by(Rights.id))
    return {
        "complaints": [{"course": title, "code": c.code, "topic": c.topic, "text": c.text, "contact": c.contact,
                        "state": c.outcome or ("filed" if c.state == "open" else c.state),
                        "at": c.filed_at.isoformat()} for c, title in filed],
        "case_lines": _lines(ComplaintLine, ref), "remark_lines": _lines(RemarkLine, ref),
        "review_remarks": [{"course": title, "text": r.text, "by_name": r.by_name, "at": r.at.isoformat()}
                           for r, title in remarks],
        "verdicts": [{"course": title, "step": v.outcome, "remarks": v.remarks, "by_name": v.by_name, "at": v.at.isoformat()}
                     for v, title in verdicts],
        "declarations": [{"course": title, "basis": r.basis, "people": r.people, "by_name": r.by_name, "at": r.at.isoformat()}
                         for r, title in rights],
    }


def _lines(table: type[ComplaintLine] | type[RemarkLine], ref: str) -> list[dict]:
    rows = session.scalars(select(table).where(table.by == ref).order_by(table.id))
    return [{"step": x.step, "text": x.text, "by_name": x.by_name, "at": x.at.isoformat()} for x in rows]


def erase(person_id: int) -> list[Effect]:
    """Let go of who complained and how to reach them; the complaint itself stays for the other side."""
    stays = left(person_id)
    session.execute(update(Complaint).where(Complaint.person_id == person_id).values(person_id=None, contact="")
                    .execution_options(synchronize_session="fetch"))
    return stays


def left(person_id: int) -> list[Effect]:
    """What stays of somebody who complained, and why."""
    if session.scalar(select(Complaint.id).where(Complaint.person_id == person_id).limit(1)) is None:
        return []
    return [Effect("complaints.kept", "courses", _(
        "你的投诉和处理结果要留给另一方，但不再记着是你提的，联系方式也删掉。"))]
