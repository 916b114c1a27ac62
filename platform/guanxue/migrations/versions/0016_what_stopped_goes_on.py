"""Who changed a draft is known; a rest gives time back; learners of a stopped revision go on in the mended one."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0013"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "courses_editor",
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["courses_course.id"], name=op.f("fk_courses_editor_course_id")),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f("fk_courses_editor_person_id")),
        sa.PrimaryKeyConstraint("course_id", "person_id", name=op.f("pk_courses_editor")),
    )
    op.create_index(op.f("ix_courses_editor_person_id"), "courses_editor", ["person_id"])
    op.create_table(
        "learning_move",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("from_revision_id", sa.Integer(), nullable=False),
        sa.Column("to_revision_id", sa.Integer(), nullable=False),
        sa.Column("moved_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["learning_enrolment.id"], name=op.f("fk_learning_move_enrolment_id")),
        sa.ForeignKeyConstraint(["from_revision_id"], ["courses_revision.id"], name=op.f("fk_learning_move_from_revision_id")),
        sa.ForeignKeyConstraint(["to_revision_id"], ["courses_revision.id"], name=op.f("fk_learning_move_to_revision_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learning_move")),
    )
    op.create_index(op.f("ix_learning_move_enrolment_id"), "learning_move", ["enrolment_id"])
    with op.batch_alter_table("quizzes_extension") as extension:
        extension.add_column(sa.Column("is_free", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("quizzes_extension") as extension:
        extension.drop_column("is_free")
    op.drop_table("learning_move")
    op.drop_table("courses_editor")
