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


class Move(Model):
    """An award followed its person to another account, or went back. The award and its entry stay what they were.

    `step` is "merged", "parted", or "returned" (before an award that had moved is reversed). `off_entry` takes the credit off
    one account, `on_entry` puts it on the other; where a rule allowed it only once there is no second, and `rule` names it.
    """

    __tablename__ = "creditbank_move"
    __table_args__ = (UniqueConstraint("merge_code", "award_id", "step"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    merge_code: Mapped[str]
    award_id: Mapped[int] = mapped_column(ForeignKey("creditbank_award.id"), index=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses_course.id"))
    step: Mapped[str]
    rule: Mapped[str] = mapped_column(default="")
    from_person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"))
    to_person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    off_entry: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.number"), unique=True)
    on_entry: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.number"), unique=True)
    moved_at: Mapped[datetime] = mapped_column(UtcMoment)


append_only(Award)
append_only(Move)


class ClassAward(Model):
    """The ledger entry of a completed class, and the code by which anybody can check it. Once for a person and a class."""

    __tablename__ = "creditbank_class_award"
    __table_args__ = (UniqueConstraint("person_id", "class_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    completion_id: Mapped[int] = mapped_column(ForeignKey("classes_completion.id"), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"))
    class_id: Mapped[int] = mapped_column(ForeignKey("classes_class.id"))
    entry_number: Mapped[int] = mapped_column(ForeignKey("ledger_entry.number"), unique=True)
    code: Mapped[str] = mapped_column(unique=True)
    awarded_at: Mapped[datetime] = mapped_column(UtcMoment)


class ClassMove(Model):
    """The award of a class followed its person to another account, or went back: as Move says it of a course's."""

    __tablename__ = "creditbank_class_move"
    __table_args__ = (UniqueConstraint("merge_code", "award_id", "step"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    merge_code: Mapped[str]
    award_id: Mapped[int] = mapped_column(ForeignKey("creditbank_class_award.id"), index=True)
    step: Mapped[str]
    rule: Mapped[str] = mapped_column(default="")
    from_person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"))
    to_person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    off_entry: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.number"), unique=True)
    on_entry: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.number"), unique=True)
    moved_at: Mapped[datetime] = mapped_column(UtcMoment)


append_only(ClassAward)
append_only(ClassMove)
