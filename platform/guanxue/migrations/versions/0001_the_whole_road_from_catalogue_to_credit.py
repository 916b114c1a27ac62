"""The whole road from catalogue to credit."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts_organisation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("division_code", sa.String(), nullable=False),
        sa.Column("industries", sa.Text(), nullable=False),
        sa.Column("industries_en", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts_organisation")),
        sa.UniqueConstraint("slug", name=op.f("uq_accounts_organisation_slug")),
    )
    op.create_table(
        "accounts_signin_failure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts_signin_failure")),
    )
    with op.batch_alter_table("accounts_signin_failure") as batch_op:
        batch_op.create_index("ix_accounts_signin_failure_key_at", ["key", "at"], unique=False)

    op.create_table(
        "audit_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_line")),
    )
    with op.batch_alter_table("audit_line") as batch_op:
        batch_op.create_index("ix_audit_line_action", ["action", "id"], unique=False)
        batch_op.create_index("ix_audit_line_subject", ["subject", "id"], unique=False)

    op.create_table(
        "core_generation",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_core_generation")),
    )
    op.create_table(
        "jobs_job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("pending_key", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("is_heavy", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("run_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("progress_permille", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("failure", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs_job")),
    )
    with op.batch_alter_table("jobs_job") as batch_op:
        batch_op.create_index("ix_jobs_job_next", ["state", "is_heavy", "priority", "run_at", "id"], unique=False)
        batch_op.create_index("uq_jobs_job_pending_key", ["pending_key"], unique=True)

    op.create_table(
        "ledger_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_account")),
        sa.UniqueConstraint("key", name=op.f("uq_ledger_account_key")),
    )
    op.create_table(
        "ledger_entry",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("posted_at", sa.String(), nullable=False),
        sa.Column("reverses", sa.Integer(), nullable=True),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["reverses"], ["ledger_entry.number"], name=op.f("fk_ledger_entry_reverses")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_ledger_entry")),
        sa.UniqueConstraint("key", name=op.f("uq_ledger_entry_key")),
        sa.UniqueConstraint("reverses", name=op.f("uq_ledger_entry_reverses")),
    )
    op.create_table(
        "ledger_head",
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_ledger_head")),
    )
    op.create_table(
        "ledger_tree_node",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "index", name=op.f("pk_ledger_tree_node")),
    )
    op.create_table(
        "media_asset",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("progress_permille", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("duration_ms", sa.BigInteger(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("failure", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media_asset")),
        sa.UniqueConstraint("digest", name=op.f("uq_media_asset_digest")),
    )
    op.create_table(
        "policies_policy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policies_policy")),
        sa.UniqueConstraint("code", "version", name=op.f("uq_policies_policy_code")),
    )
    op.create_table(
        "quizzes_paper",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("question_count", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quizzes_paper")),
        sa.UniqueConstraint("digest", name=op.f("uq_quizzes_paper_digest")),
    )
    op.create_table(
        "standards_industry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("sectors", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standards_industry")),
        sa.UniqueConstraint("slug", name=op.f("uq_standards_industry_slug")),
    )
    op.create_table(
        "accounts_person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("town_id", sa.Integer(), nullable=True),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("terms_version", sa.String(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["town_id"], ["accounts_organisation.id"], name=op.f("fk_accounts_person_town_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts_person")),
        sa.UniqueConstraint("phone", name=op.f("uq_accounts_person_phone")),
    )
    op.create_table(
        "ledger_posting",
        sa.Column("entry_number", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("amount_millicredits", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["ledger_account.id"], name=op.f("fk_ledger_posting_account_id")),
        sa.ForeignKeyConstraint(["entry_number"], ["ledger_entry.number"], name=op.f("fk_ledger_posting_entry_number")),
        sa.PrimaryKeyConstraint("entry_number", "position", name=op.f("pk_ledger_posting")),
    )
    with op.batch_alter_table("ledger_posting") as batch_op:
        batch_op.create_index("ix_ledger_posting_account", ["account_id", "entry_number"], unique=False)

    op.create_table(
        "quizzes_attempt",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["quizzes_paper.id"], name=op.f("fk_quizzes_attempt_paper_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quizzes_attempt")),
    )
    with op.batch_alter_table("quizzes_attempt") as batch_op:
        batch_op.create_index("ix_quizzes_attempt_person_paper", ["person_id", "subject"], unique=False)

    op.create_table(
        "standards_occupation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("code_confidence", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("levels", sa.Text(), nullable=False),
        sa.Column("industry_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["industry_id"], ["standards_industry.id"], name=op.f("fk_standards_occupation_industry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standards_occupation")),
        sa.UniqueConstraint("slug", name=op.f("uq_standards_occupation_slug")),
    )
    op.create_table(
        "accounts_role",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["accounts_organisation.id"], name=op.f("fk_accounts_role_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f("fk_accounts_role_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts_role")),
        sa.UniqueConstraint("person_id", "role", "organisation_id", name=op.f("uq_accounts_role_person_id")),
    )
    with op.batch_alter_table("accounts_role") as batch_op:
        batch_op.create_index(batch_op.f("ix_accounts_role_person_id"), ["person_id"], unique=False)

    op.create_table(
        "accounts_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("device", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f("fk_accounts_session_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts_session")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_accounts_session_key_hash")),
    )
    with op.batch_alter_table("accounts_session") as batch_op:
        batch_op.create_index(batch_op.f("ix_accounts_session_person_id"), ["person_id"], unique=False)

    op.create_table(
        "courses_course",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("title_en", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("industry", sa.String(), nullable=False),
        sa.Column("occupation", sa.String(), nullable=False),
        sa.Column("category_path", sa.String(), nullable=False),
        sa.Column("delivery", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("planned_hours_milli", sa.Integer(), nullable=False),
        sa.Column("syllabus", sa.Text(), nullable=False),
        sa.Column("pass_mark", sa.Integer(), nullable=True),
        sa.Column("is_planned", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("revision_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["accounts_person.id"], name=op.f("fk_courses_course_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_courses_course")),
        sa.UniqueConstraint("slug", name=op.f("uq_courses_course_slug")),
    )
    with op.batch_alter_table("courses_course") as batch_op:
        batch_op.create_index(batch_op.f("ix_courses_course_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "quizzes_submission",
        sa.Column("attempt_id", sa.String(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("pass_mark", sa.Integer(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["quizzes_attempt.id"], name=op.f("fk_quizzes_submission_attempt_id")),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_quizzes_submission")),
    )
    op.create_table(
        "standards_skill_area",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("occupation_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("knowledge_points", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["occupation_id"], ["standards_occupation.id"], name=op.f("fk_standards_skill_area_occupation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standards_skill_area")),
        sa.UniqueConstraint("slug", name=op.f("uq_standards_skill_area_slug")),
    )
    with op.batch_alter_table("standards_skill_area") as batch_op:
        batch_op.create_index(batch_op.f("ix_standards_skill_area_occupation_id"), ["occupation_id"], unique=False)

    op.create_table(
        "courses_course_town",
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["courses_course.id"], name=op.f("fk_courses_course_town_course_id")),
        sa.ForeignKeyConstraint(["town_id"], ["accounts_organisation.id"], name=op.f("fk_courses_course_town_town_id")),
        sa.PrimaryKeyConstraint("course_id", "town_id", name=op.f("pk_courses_course_town")),
    )
    op.create_table(
        "courses_lesson",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("section", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("is_narrated", sa.Boolean(), nullable=False),
        sa.Column("asset_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["asset_id"], ["media_asset.id"], name=op.f("fk_courses_lesson_asset_id")),
        sa.ForeignKeyConstraint(["course_id"], ["courses_course.id"], name=op.f("fk_courses_lesson_course_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_courses_lesson")),
        sa.UniqueConstraint("course_id", "slug", name=op.f("uq_courses_lesson_course_id")),
    )
    with op.batch_alter_table("courses_lesson") as batch_op:
        batch_op.create_index(batch_op.f("ix_courses_lesson_asset_id"), ["asset_id"], unique=False)

    op.create_table(
        "courses_review_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("remarks", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("by_name", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["courses_course.id"], name=op.f("fk_courses_review_line_course_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_courses_review_line")),
    )
    with op.batch_alter_table("courses_review_line") as batch_op:
        batch_op.create_index(batch_op.f("ix_courses_review_line_course_id"), ["course_id"], unique=False)

    op.create_table(
        "courses_revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("policy_id", sa.Integer(), nullable=False),
        sa.Column("pass_mark", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["courses_course.id"], name=op.f("fk_courses_revision_course_id")),
        sa.ForeignKeyConstraint(["policy_id"], ["policies_policy.id"], name=op.f("fk_courses_revision_policy_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_courses_revision")),
        sa.UniqueConstraint("course_id", "number", name=op.f("uq_courses_revision_course_id")),
    )
    op.create_table(
        "courses_wish",
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["courses_course.id"], name=op.f("fk_courses_wish_course_id")),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f("fk_courses_wish_person_id")),
        sa.PrimaryKeyConstraint("course_id", "person_id", name=op.f("pk_courses_wish")),
    )
    op.create_table(
        "courses_revision_lesson",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("section", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("asset_id", sa.Integer(), nullable=True),
        sa.Column("paper_id", sa.Integer(), nullable=True),
        sa.Column("duration_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["asset_id"], ["media_asset.id"], name=op.f("fk_courses_revision_lesson_asset_id")),
        sa.ForeignKeyConstraint(["paper_id"], ["quizzes_paper.id"], name=op.f("fk_courses_revision_lesson_paper_id")),
        sa.ForeignKeyConstraint(["revision_id"], ["courses_revision.id"], name=op.f("fk_courses_revision_lesson_revision_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_courses_revision_lesson")),
        sa.UniqueConstraint("revision_id", "position", name=op.f("uq_courses_revision_lesson_revision_id")),
    )
    with op.batch_alter_table("courses_revision_lesson") as batch_op:
        batch_op.create_index(batch_op.f("ix_courses_revision_lesson_asset_id"), ["asset_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_courses_revision_lesson_paper_id"), ["paper_id"], unique=False)

    op.create_table(
        "learning_enrolment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("policy_id", sa.Integer(), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("studied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["course_id"], ["courses_course.id"], name=op.f("fk_learning_enrolment_course_id")),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f("fk_learning_enrolment_person_id")),
        sa.ForeignKeyConstraint(["policy_id"], ["policies_policy.id"], name=op.f("fk_learning_enrolment_policy_id")),
        sa.ForeignKeyConstraint(["revision_id"], ["courses_revision.id"], name=op.f("fk_learning_enrolment_revision_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learning_enrolment")),
        sa.UniqueConstraint("person_id", "course_id", name=op.f("uq_learning_enrolment_person_id")),
    )
    with op.batch_alter_table("learning_enrolment") as batch_op:
        batch_op.create_index(batch_op.f("ix_learning_enrolment_course_id"), ["course_id"], unique=False)

    op.create_table(
        "learning_completion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("policy_id", sa.Integer(), nullable=False),
        sa.Column("content_ms", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("evidence_digest", sa.String(), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["courses_course.id"], name=op.f("fk_learning_completion_course_id")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["learning_enrolment.id"], name=op.f("fk_learning_completion_enrolment_id")),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f("fk_learning_completion_person_id")),
        sa.ForeignKeyConstraint(["policy_id"], ["policies_policy.id"], name=op.f("fk_learning_completion_policy_id")),
        sa.ForeignKeyConstraint(["revision_id"], ["courses_revision.id"], name=op.f("fk_learning_completion_revision_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learning_completion")),
        sa.UniqueConstraint("enrolment_id", name=op.f("uq_learning_completion_enrolment_id")),
    )
    with op.batch_alter_table("learning_completion") as batch_op:
        batch_op.create_index(batch_op.f("ix_learning_completion_course_id"), ["course_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_learning_completion_person_id"), ["person_id"], unique=False)

    op.create_table(
        "learning_playback",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("revision_lesson_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("opened_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.Column("max_rate_permille", sa.Integer(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("contact_ms", sa.BigInteger(), nullable=False),
        sa.Column("acked_t_ms", sa.BigInteger(), nullable=False),
        sa.Column("granted_ms", sa.BigInteger(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["learning_enrolment.id"], name=op.f("fk_learning_playback_enrolment_id")),
        sa.ForeignKeyConstraint(
            ["revision_lesson_id"], ["courses_revision_lesson.id"], name=op.f("fk_learning_playback_revision_lesson_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learning_playback")),
        sa.UniqueConstraint("code", name=op.f("uq_learning_playback_code")),
        sa.UniqueConstraint("person_id", "revision_lesson_id", "key", name=op.f("uq_learning_playback_person_id")),
    )
    with op.batch_alter_table("learning_playback") as batch_op:
        batch_op.create_index(batch_op.f("ix_learning_playback_enrolment_id"), ["enrolment_id"], unique=False)
        batch_op.create_index("ix_learning_playback_person_open", ["person_id", "ended_ms"], unique=False)

    op.create_table(
        "learning_progress",
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("revision_lesson_id", sa.Integer(), nullable=False),
        sa.Column("spans", sa.LargeBinary(), nullable=False),
        sa.Column("credited_ms", sa.BigInteger(), nullable=False),
        sa.Column("late_ms", sa.BigInteger(), nullable=False),
        sa.Column("resume_ms", sa.BigInteger(), nullable=False),
        sa.Column("is_complete", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["learning_enrolment.id"], name=op.f("fk_learning_progress_enrolment_id")),
        sa.ForeignKeyConstraint(
            ["revision_lesson_id"], ["courses_revision_lesson.id"], name=op.f("fk_learning_progress_revision_lesson_id")
        ),
        sa.PrimaryKeyConstraint("enrolment_id", "revision_lesson_id", name=op.f("pk_learning_progress")),
    )
    op.create_table(
        "creditbank_award",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("completion_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("entry_number", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("awarded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["completion_id"], ["learning_completion.id"], name=op.f("fk_creditbank_award_completion_id")),
        sa.ForeignKeyConstraint(["course_id"], ["courses_course.id"], name=op.f("fk_creditbank_award_course_id")),
        sa.ForeignKeyConstraint(["entry_number"], ["ledger_entry.number"], name=op.f("fk_creditbank_award_entry_number")),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f("fk_creditbank_award_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_creditbank_award")),
        sa.UniqueConstraint("code", name=op.f("uq_creditbank_award_code")),
        sa.UniqueConstraint("completion_id", name=op.f("uq_creditbank_award_completion_id")),
        sa.UniqueConstraint("entry_number", name=op.f("uq_creditbank_award_entry_number")),
        sa.UniqueConstraint("person_id", "course_id", name=op.f("uq_creditbank_award_person_id")),
    )
    op.create_table(
        "learning_beat",
        sa.Column("playback_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.Column("claims", sa.LargeBinary(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["playback_id"], ["learning_playback.id"], name=op.f("fk_learning_beat_playback_id")),
        sa.PrimaryKeyConstraint("playback_id", "seq", name=op.f("pk_learning_beat")),
    )


def downgrade() -> None:
    op.drop_table("learning_beat")
    op.drop_table("creditbank_award")
    op.drop_table("learning_progress")
    with op.batch_alter_table("learning_playback") as batch_op:
        batch_op.drop_index("ix_learning_playback_person_open")
        batch_op.drop_index(batch_op.f("ix_learning_playback_enrolment_id"))

    op.drop_table("learning_playback")
    with op.batch_alter_table("learning_completion") as batch_op:
        batch_op.drop_index(batch_op.f("ix_learning_completion_person_id"))
        batch_op.drop_index(batch_op.f("ix_learning_completion_course_id"))

    op.drop_table("learning_completion")
    with op.batch_alter_table("learning_enrolment") as batch_op:
        batch_op.drop_index(batch_op.f("ix_learning_enrolment_course_id"))

    op.drop_table("learning_enrolment")
    with op.batch_alter_table("courses_revision_lesson") as batch_op:
        batch_op.drop_index(batch_op.f("ix_courses_revision_lesson_paper_id"))
        batch_op.drop_index(batch_op.f("ix_courses_revision_lesson_asset_id"))

    op.drop_table("courses_revision_lesson")
    op.drop_table("courses_wish")
    op.drop_table("courses_revision")
    with op.batch_alter_table("courses_review_line") as batch_op:
        batch_op.drop_index(batch_op.f("ix_courses_review_line_course_id"))

    op.drop_table("courses_review_line")
    with op.batch_alter_table("courses_lesson") as batch_op:
        batch_op.drop_index(batch_op.f("ix_courses_lesson_asset_id"))

    op.drop_table("courses_lesson")
    op.drop_table("courses_course_town")
    with op.batch_alter_table("standards_skill_area") as batch_op:
        batch_op.drop_index(batch_op.f("ix_standards_skill_area_occupation_id"))

    op.drop_table("standards_skill_area")
    op.drop_table("quizzes_submission")
    with op.batch_alter_table("courses_course") as batch_op:
        batch_op.drop_index(batch_op.f("ix_courses_course_owner_id"))

    op.drop_table("courses_course")
    with op.batch_alter_table("accounts_session") as batch_op:
        batch_op.drop_index(batch_op.f("ix_accounts_session_person_id"))

    op.drop_table("accounts_session")
    with op.batch_alter_table("accounts_role") as batch_op:
        batch_op.drop_index(batch_op.f("ix_accounts_role_person_id"))

    op.drop_table("accounts_role")
    op.drop_table("standards_occupation")
    with op.batch_alter_table("quizzes_attempt") as batch_op:
        batch_op.drop_index("ix_quizzes_attempt_person_paper")

    op.drop_table("quizzes_attempt")
    with op.batch_alter_table("ledger_posting") as batch_op:
        batch_op.drop_index("ix_ledger_posting_account")

    op.drop_table("ledger_posting")
    op.drop_table("accounts_person")
    op.drop_table("standards_industry")
    op.drop_table("quizzes_paper")
    op.drop_table("policies_policy")
    op.drop_table("media_asset")
    op.drop_table("ledger_tree_node")
    op.drop_table("ledger_head")
    op.drop_table("ledger_entry")
    op.drop_table("ledger_account")
    with op.batch_alter_table("jobs_job") as batch_op:
        batch_op.drop_index("uq_jobs_job_pending_key")
        batch_op.drop_index("ix_jobs_job_next")

    op.drop_table("jobs_job")
    op.drop_table("core_generation")
    with op.batch_alter_table("audit_line") as batch_op:
        batch_op.drop_index("ix_audit_line_subject")
        batch_op.drop_index("ix_audit_line_action")

    op.drop_table("audit_line")
    with op.batch_alter_table("accounts_signin_failure") as batch_op:
        batch_op.drop_index("ix_accounts_signin_failure_key_at")

    op.drop_table("accounts_signin_failure")
    op.drop_table("accounts_organisation")
