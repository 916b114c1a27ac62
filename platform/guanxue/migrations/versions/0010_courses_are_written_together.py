"""Several teachers write one course, and no text overwrites another."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _authors()
    with op.batch_alter_table("courses_course") as course:
        course.add_column(sa.Column("institution_id", sa.Integer(), nullable=True))
        course.add_column(sa.Column("sections", sa.Text(), nullable=False, server_default="[]"))
        course.create_foreign_key(op.f("fk_courses_course_institution_id"), "accounts_organisation", ["institution_id"], ["id"])
        course.create_index(op.f("ix_courses_course_institution_id"), ["institution_id"])
    with op.batch_alter_table("courses_lesson") as lesson:
        lesson.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        lesson.add_column(sa.Column("form_key", sa.String(), nullable=False, server_default=""))
        lesson.add_column(sa.Column("saved_by", sa.String(), nullable=False, server_default=""))
        lesson.add_column(sa.Column("saved_at", MOMENT, nullable=True))


def _authors() -> None:
    name = "courses_author"
    op.create_table(
        name,
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("is_asked", sa.Boolean(), nullable=False),
        sa.Column("accepted_at", MOMENT, nullable=True),
        sa.Column("left_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["course_id"], ["courses_course.id"], name=op.f(f"fk_{name}_course_id")),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f(f"fk_{name}_person_id")),
        sa.PrimaryKeyConstraint("course_id", "person_id", name=op.f(f"pk_{name}")),
    )
    op.create_index(op.f(f"ix_{name}_person_id"), name, ["person_id"])


def downgrade() -> None:
    with op.batch_alter_table("courses_lesson") as lesson:
        for column in ("version", "form_key", "saved_by", "saved_at"):
            lesson.drop_column(column)
    with op.batch_alter_table("courses_course") as course:
        course.drop_index(op.f("ix_courses_course_institution_id"))
        course.drop_constraint(op.f("fk_courses_course_institution_id"), type_="foreignkey")
        course.drop_column("institution_id")
        course.drop_column("sections")
    op.drop_table("courses_author")
