"""Help at hand: tickets, notes, ratings, questions."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _helpdesk()
    _discussions()
    _notes()


def _helpdesk() -> None:
    op.create_table(
        "helpdesk_ticket",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("contact", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f("fk_helpdesk_ticket_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_helpdesk_ticket")),
        sa.UniqueConstraint("code", name=op.f("uq_helpdesk_ticket_code")),
    )
    op.create_index(op.f("ix_helpdesk_ticket_person_id"), "helpdesk_ticket", ["person_id"])
    op.create_index("ix_helpdesk_ticket_state_asked_at", "helpdesk_ticket", ["state", "asked_at"])
    op.create_table(
        "helpdesk_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("is_staff", sa.Boolean(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("said_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["helpdesk_ticket.id"], name=op.f("fk_helpdesk_message_ticket_id")),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f("fk_helpdesk_message_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_helpdesk_message")),
    )
    op.create_index(op.f("ix_helpdesk_message_ticket_id"), "helpdesk_message", ["ticket_id"])
    op.create_index(op.f("ix_helpdesk_message_person_id"), "helpdesk_message", ["person_id"])


def _discussions() -> None:
    op.create_table(
        "discussions_rating",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("rated_at", MOMENT, nullable=False),
        sa.Column("hidden_at", MOMENT, nullable=True),
        sa.Column("hidden_by", sa.String(), nullable=False),
        sa.Column("hidden_why", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f("fk_discussions_rating_person_id")),
        sa.ForeignKeyConstraint(["course_id"], ["courses_course.id"], name=op.f("fk_discussions_rating_course_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discussions_rating")),
        sa.UniqueConstraint("person_id", "course_id", name=op.f("uq_discussions_rating_person_id")),
    )
    op.create_index(op.f("ix_discussions_rating_course_id"), "discussions_rating", ["course_id"])
    op.create_table(
        "discussions_question",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("lesson_slug", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("taught_at", MOMENT, nullable=True),
        sa.Column("hidden_at", MOMENT, nullable=True),
        sa.Column("hidden_by", sa.String(), nullable=False),
        sa.Column("hidden_why", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f("fk_discussions_question_person_id")),
        sa.ForeignKeyConstraint(["course_id"], ["courses_course.id"], name=op.f("fk_discussions_question_course_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discussions_question")),
    )
    op.create_index(op.f("ix_discussions_question_person_id"), "discussions_question", ["person_id"])
    op.create_index("ix_discussions_question_course_lesson", "discussions_question", ["course_id", "lesson_slug"])
    op.create_table(
        "discussions_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("is_teacher", sa.Boolean(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("answered_at", MOMENT, nullable=False),
        sa.Column("hidden_at", MOMENT, nullable=True),
        sa.Column("hidden_by", sa.String(), nullable=False),
        sa.Column("hidden_why", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["question_id"], ["discussions_question.id"], name=op.f("fk_discussions_answer_question_id")),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f("fk_discussions_answer_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discussions_answer")),
    )
    op.create_index(op.f("ix_discussions_answer_question_id"), "discussions_answer", ["question_id"])
    op.create_index(op.f("ix_discussions_answer_person_id"), "discussions_answer", ["person_id"])
    op.create_table(
        "discussions_report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("thing_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("reported_at", MOMENT, nullable=False),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.Column("settled_by", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f("fk_discussions_report_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discussions_report")),
        sa.UniqueConstraint("kind", "thing_id", "person_id", name=op.f("uq_discussions_report_kind")),
    )
    op.create_index(op.f("ix_discussions_report_person_id"), "discussions_report", ["person_id"])


def _notes() -> None:
    op.create_table(
        "learning_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("lesson_slug", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f("fk_learning_note_person_id")),
        sa.ForeignKeyConstraint(["course_id"], ["courses_course.id"], name=op.f("fk_learning_note_course_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learning_note")),
    )
    op.create_index("ix_learning_note_person_course", "learning_note", ["person_id", "course_id", "lesson_slug"])


def downgrade() -> None:
    for table in ("learning_note", "discussions_report", "discussions_answer", "discussions_question", "discussions_rating",
                  "helpdesk_message", "helpdesk_ticket"):
        op.drop_table(table)
