"""Who is in a course is counted from an index alone."""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_learning_enrolment_in", "learning_enrolment", ["course_id", "left_at"])
    op.drop_index("ix_learning_enrolment_course_id", "learning_enrolment")


def downgrade() -> None:
    op.create_index("ix_learning_enrolment_course_id", "learning_enrolment", ["course_id"])
    op.drop_index("ix_learning_enrolment_in", "learning_enrolment")
