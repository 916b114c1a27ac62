"""Questions drawn from pools and marked by people; a faulty key is put right once."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("quizzes_paper") as paper:
        paper.add_column(sa.Column("draw", sa.Text(), nullable=False, server_default="{}"))
    with op.batch_alter_table("quizzes_submission") as submission:
        submission.add_column(sa.Column("short_count", sa.Integer(), nullable=False, server_default="0"))
        submission.add_column(sa.Column("regrade_id", sa.Integer(), nullable=False, server_default="0"))
    op.create_index(op.f("ix_quizzes_submission_short_count"), "quizzes_submission", ["short_count"])
    op.create_index(op.f("ix_quizzes_attempt_paper_id"), "quizzes_attempt", ["paper_id"])
    for table in ("courses_lesson", "courses_revision_lesson"):
        with op.batch_alter_table(table) as lesson:
            lesson.add_column(sa.Column("settings", sa.Text(), nullable=False, server_default="{}"))
    _marks()
    _regrades()


def _marks() -> None:
    op.create_table(
        "quizzes_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.String(), nullable=False),
        sa.Column("question_id", sa.String(), nullable=False),
        sa.Column("permille", sa.Integer(), nullable=False),
        sa.Column("remarks", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["quizzes_submission.attempt_id"], name=op.f("fk_quizzes_mark_attempt_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quizzes_mark")),
    )
    op.create_index("ix_quizzes_mark_attempt_question", "quizzes_mark", ["attempt_id", "question_id"])


def _regrades() -> None:
    op.create_table(
        "quizzes_regrade_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.String(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("by_name", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("remarks", sa.String(), nullable=True),
        sa.Column("answered_by", sa.String(), nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["paper_id"], ["quizzes_paper.id"], name=op.f("fk_quizzes_regrade_request_paper_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quizzes_regrade_request")),
    )
    op.create_index(op.f("ix_quizzes_regrade_request_subject"), "quizzes_regrade_request", ["subject"])
    op.create_table(
        "quizzes_regrade",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.String(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("confirmed_by", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["quizzes_paper.id"], name=op.f("fk_quizzes_regrade_paper_id")),
        sa.ForeignKeyConstraint(["request_id"], ["quizzes_regrade_request.id"], name=op.f("fk_quizzes_regrade_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quizzes_regrade")),
        sa.UniqueConstraint("key", name=op.f("uq_quizzes_regrade_key")),
        sa.UniqueConstraint("request_id", name=op.f("uq_quizzes_regrade_request_id")),
    )
    op.create_index(op.f("ix_quizzes_regrade_paper_id"), "quizzes_regrade", ["paper_id"])


def downgrade() -> None:
    for table in ("quizzes_regrade", "quizzes_regrade_request", "quizzes_mark"):
        op.drop_table(table)
    for table in ("courses_revision_lesson", "courses_lesson"):
        with op.batch_alter_table(table) as lesson:
            lesson.drop_column("settings")
    op.drop_index(op.f("ix_quizzes_attempt_paper_id"), table_name="quizzes_attempt")
    op.drop_index(op.f("ix_quizzes_submission_short_count"), table_name="quizzes_submission")
    with op.batch_alter_table("quizzes_submission") as submission:
        submission.drop_column("regrade_id")
        submission.drop_column("short_count")
    with op.batch_alter_table("quizzes_paper") as paper:
        paper.drop_column("draw")
