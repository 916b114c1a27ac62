"""Classes that meet: rosters, meetings, who was there, what it is worth."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
PERSON, ENTRY = "accounts_person.id", "ledger_entry.number"
CLASS, PLACE, MEETING = "classes_class.id", "classes_place.id", "classes_meeting.id"


def _table(name: str, columns: list, *, fks: dict[str, str], pk: tuple[str, ...] = ("id",), uniques: tuple = (),
           indexes: tuple = ()) -> None:
    op.create_table(
        name, *columns,
        *(sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{name}_{column}")) for column, to in fks.items()),
        sa.PrimaryKeyConstraint(*pk, name=op.f(f"pk_{name}")),
        *(sa.UniqueConstraint(*columns, name=op.f(f"uq_{name}_{word}")) for word, columns in uniques))
    for column in indexes:
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])


def _column(name: str, kind, *, empty: bool = False) -> sa.Column:
    return sa.Column(name, kind, nullable=empty)


def upgrade() -> None:
    _classes()
    _meetings()
    _attendance()
    _credits()


def _classes() -> None:
    text, number, c = sa.String(), sa.Integer(), _column
    _table("classes_class", [
        c("id", number), c("code", text), c("title", text), c("plan", text), c("institution_id", number, empty=True),
        c("course_id", number, empty=True), c("revision_id", number, empty=True), c("policy_id", number),
        c("manager_id", number), c("begins_on", sa.Date()), c("ends_on", sa.Date()), c("seats", number),
        c("share_permille", number),
        c("is_public", sa.Boolean()), c("state", text), c("reason", text), c("created_at", MOMENT),
        c("opened_at", MOMENT, empty=True), c("closed_at", MOMENT, empty=True)],
        fks={"institution_id": "accounts_organisation.id", "course_id": "courses_course.id",
             "revision_id": "courses_revision.id",
             "policy_id": "policies_policy.id", "manager_id": PERSON},
        uniques=(("code", ("code",)),), indexes=("institution_id", "course_id", "manager_id"))
    _table("classes_teacher", [c("class_id", number), c("person_id", number), c("added_by", text), c("added_at", MOMENT)],
           fks={"class_id": CLASS, "person_id": PERSON}, pk=("class_id", "person_id"), indexes=("person_id",))
    _table("classes_place", [
        c("id", number), c("class_id", number), c("person_id", number, empty=True), c("phone", text, empty=True), c("name",
            text),
        c("state", text), c("queued_at", MOMENT), c("undertaking_version", text), c("undertaking_at", MOMENT, empty=True),
        c("moved_up_at", MOMENT, empty=True), c("withdrawn_at", MOMENT, empty=True), c("reason", text),
        c("joined_to_id", number, empty=True)],
        fks={"class_id": CLASS, "person_id": PERSON, "joined_to_id": PLACE},
        uniques=(("person", ("class_id", "person_id")), ("phone", ("class_id", "phone"))), indexes=("person_id", "phone",
            "joined_to_id"))


def _meetings() -> None:
    text, number, c = sa.String(), sa.Integer(), _column
    _table("classes_meeting", [
        c("id", number), c("class_id", number), c("kind", text), c("title", text), c("place", text), c("seats", number,
            empty=True),
        c("begins_at", MOMENT), c("ends_at", MOMENT), c("breaks", sa.Text()), c("secret", text), c("cancelled_at", MOMENT,
            empty=True),
        c("created_at", MOMENT)], fks={"class_id": CLASS}, indexes=("class_id",))
    _table("classes_meeting_change", [
        c("id", number), c("meeting_id", number), c("before", sa.Text()), c("reason", text), c("by", text), c("changed_at",
            MOMENT)],
        fks={"meeting_id": MEETING}, indexes=("meeting_id",))


def _attendance() -> None:
    text, number, large, c = sa.String(), sa.Integer(), sa.BigInteger(), _column
    name = "classes_attendance"
    _table(name, [
        c("id", number), c("meeting_id", number), c("place_id", number), c("person_id", number, empty=True), c("kind", text),
        c("way", text), c("from_ms", large, empty=True), c("to_ms", large, empty=True), c("step", large, empty=True),
        c("theory_permille", number, empty=True), c("by", text), c("reason", text), c("address_hash", text), c("agent_hash",
            text),
        c("device_hash", text), c("received_ms", large)],
        fks={"meeting_id": MEETING, "place_id": PLACE, "person_id": PERSON}, indexes=("place_id", "person_id"))
    op.create_index(op.f(f"ix_{name}_meeting_place"), name, ["meeting_id", "place_id"])
    _table("classes_completion", [
        c("id", number), c("place_id", number), c("class_id", number), c("person_id", number), c("policy_id", number),
        c("attended_ms", large), c("evidence", sa.Text()), c("evidence_digest", text), c("completed_at", MOMENT)],
        fks={"place_id": PLACE, "class_id": CLASS, "person_id": PERSON, "policy_id": "policies_policy.id"},
        uniques=(("place_id", ("place_id",)),), indexes=("class_id", "person_id"))


def _credits() -> None:
    text, number, c = sa.String(), sa.Integer(), _column
    name = "creditbank_class_award"
    op.create_table(
        name, c("id", number), c("completion_id", number), c("person_id", number), c("class_id", number), c("entry_number",
            number),
        c("code", text), c("awarded_at", MOMENT),
        *(sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{name}_{column}")) for column, to in {
            "completion_id": "classes_completion.id", "person_id": PERSON, "class_id": CLASS, "entry_number": ENTRY}.items()),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        *(sa.UniqueConstraint(*columns, name=op.f(f"uq_{name}_{columns[0]}")) for columns in (
            ("completion_id",), ("person_id", "class_id"), ("entry_number",), ("code",))))
    name = "creditbank_class_move"
    op.create_table(
        name, c("id", number), c("merge_code", text), c("award_id", number), c("step", text), c("rule", text),
        c("from_person_id", number), c("to_person_id", number), c("off_entry", number, empty=True), c("on_entry", number,
            empty=True),
        c("moved_at", MOMENT),
        *(sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{name}_{column}")) for column, to in {
            "award_id": "creditbank_class_award.id", "from_person_id": PERSON, "to_person_id": PERSON, "off_entry": ENTRY,
            "on_entry": ENTRY}.items()),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        *(sa.UniqueConstraint(*columns, name=op.f(f"uq_{name}_{columns[0]}")) for columns in (
            ("merge_code", "award_id", "step"), ("off_entry",), ("on_entry",))))
    for column in ("award_id", "to_person_id"):
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])


def downgrade() -> None:
    for name in ("creditbank_class_move", "creditbank_class_award", "classes_completion", "classes_attendance",
                 "classes_meeting_change", "classes_meeting", "classes_place", "classes_teacher", "classes_class"):
        op.drop_table(name)
