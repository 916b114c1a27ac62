"""What the credit bank awarded."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from guanxue.core.append_only import append_only
from guanxue.core.db import Model, UtcMoment


class Award(Model):
    """A completion's ledger entry, and the code by which anybody can check it. A course is awarded to a person once."""

    __tablename__ = "creditbank_award"
    __table_args__ = (UniqueConstraint("person_id", "course_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    completion_id: Mapped[int] = mapped_column(ForeignKey("learning_completion.id"), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"))
    course_id: Mapped[int] = mapped_column(ForeignKey("courses_course.id"))
    entry_number: Mapped[int] = mapped_column(ForeignKey("ledger_entry.number"), unique=True)
    code: Mapped[str] = mapped_column(unique=True)
    awarded_at: Mapped[datetime] = mapped_column(UtcMoment)


append_only(Award)
