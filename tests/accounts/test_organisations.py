"""Schools and enterprises are registered, renamed and closed by administrators, who say who teaches for them."""

from __future__ import annotations

import pytest
from tests.clients import Browser, words
from tests.factories import make_person, town_row

from guanxue import accounts, audit, courses
from guanxue.accounts import organisations
from guanxue.core.actor import SYSTEM
from guanxue.core.db import writing
from guanxue.core.errors import Conflict, Forbidden, Invalid

ADMIN, TEACHER, LEARNER = "13800000008", "13800000002", "13800000001"


@pytest.fixture
def cast(app):
    """梁伟 administers, 陈志强 teaches, 林小莲 learns; a town that is no school."""
    accounts.load_towns(SYSTEM, [town_row()])
    return make_person(ADMIN, "梁伟", "administrator"), make_person(TEACHER, "陈志强", "instructor"), make_person(LEARNER)


def test_a_school_is_registered_renamed_and_closed_and_each_leaves_a_line(cast):
    admin, _teacher, learner = cast
    assert organisations.list_organisations(admin) == []  # towns are none of these
    school = organisations.create_organisation(admin, name=" 针织  学校 ", kind="school")
    firm = organisations.create_organisation(admin, name="毛织厂", kind="enterprise")
    organisations.rename_organisation(admin, school, "针织职业学校")
    organisations.rename_organisation(admin, school, "针织职业学校")
    for _n in range(2):
        organisations.close_organisation(admin, school)
    listed = organisations.list_organisations(admin)
    assert [(x.organisation.name, x.teachers) for x in listed] == [("毛织厂", 0), ("针织职业学校", 0)]  # closed ones come last
    organisations.reopen_organisation(admin, school)
    done = [x.action.rpartition(".")[2] for x in audit.list_lines(subject=f"organisation:{school.id}", limit=10)]
    assert sorted(done) == ["closed", "created", "renamed", "reopened"] and firm.slug.startswith("o-")
    with pytest.raises(Forbidden):
        organisations.create_organisation(learner, name="黑学校", kind="school")


@pytest.mark.parametrize(("name", "kind", "field"), [
    ("", "school", "name"), ("一", "school", "name"), ("长" * 61, "school", "name"), ("学\x00校", "school", "name"),
    ("虎门镇", "school", "name"), ("新学校", "town", "kind"), ("新学校", "", "kind")])
def test_what_cannot_be_registered_is_named(cast, name, kind, field):
    with pytest.raises(Invalid) as refused:
        organisations.create_organisation(cast[0], name=name, kind=kind)
    assert [f["field"] for f in refused.value.fields] == [field]


def test_who_teaches_for_a_school_gives_it_courses_until_it_is_closed(cast):
    admin, teacher, learner = cast
    school = organisations.create_organisation(admin, name="针织学校", kind="school")
    for phone in (TEACHER, LEARNER, LEARNER):
        organisations.add_teacher(admin, school, phone)
    assert organisations.list_teachers(school) == [(learner.id, "林小莲", True), (teacher.id, "陈志强", False)]
    course = courses.create_course(teacher, title="看布", kind="skills-upgrading")
    courses.set_institution(teacher, course, school.slug)
    organisations.close_organisation(admin, school)
    assert courses.institution_of(course) is school and accounts.list_teaching_places(teacher.id) == []
    other = courses.create_course(teacher, title="看针", kind="skills-upgrading")
    with pytest.raises(Invalid, match="任教的单位"):
        courses.set_institution(teacher, other, school.slug)
    with pytest.raises(Conflict, match="停用"):
        organisations.add_teacher(admin, school, TEACHER)


def test_who_taught_for_one_school_alone_teaches_no_longer_when_taken_off(cast):
    admin, teacher, learner = cast
    school = organisations.create_organisation(admin, name="针织学校", kind="school")
    for person, phone, teaches in ((learner, LEARNER, False), (teacher, TEACHER, True)):
        organisations.add_teacher(admin, school, phone)
        for _n in range(2):
            organisations.remove_teacher(admin, school, person.id)
        assert ("teach" in accounts.capabilities_of(person.id)) is teaches
    with pytest.raises(Invalid, match="没有用这个手机号注册"):
        organisations.add_teacher(admin, school, "13900000099")
    accounts.get_person(learner.id).disabled_at = accounts.get_person(learner.id).created_at
    with pytest.raises(Conflict, match="停用"):
        organisations.add_teacher(admin, school, LEARNER)


def test_the_pages_do_all_of_it_and_keep_what_was_typed(bare_app, monkeypatch):
    monkeypatch.setattr("guanxue.core.actor.Actor.is_proved", True)
    with bare_app.test_request_context(), writing():
        make_person(ADMIN, "梁伟", "administrator")
        teacher = make_person(TEACHER, "陈志强", "instructor")
    admin = Browser(bare_app, ADMIN)
    assert "还没有登记单位" in admin.see("/admin/organisations") and "/admin/organisations" in admin.see("/me")
    admin.see("/admin/organisations")
    page = words(admin.send("/admin/organisations", 422, name="一", kind="school"))
    assert "名称应有 2 到 60 个字" in page
    here = admin.send("/admin/organisations", name="针织学校", kind="school").headers["Location"]
    assert "还没有老师" in admin.see(here) and "登记单位" in admin.see(here)
    assert 'value="13900000099"' in admin.send(here, 422, step="teacher", phone="13900000099").get_data(as_text=True)
    admin.send(here, step="teacher", phone=TEACHER)
    assert "陈志强" in admin.see(here) and "1 位老师" in admin.see("/admin/organisations")
    assert "已经有叫" in words(admin.send("/admin/organisations", 422, name="针织学校", kind="bureau"))
    admin.send(here, 422, step="rename", name="")
    admin.send(here, step="rename", name="针织职业学校")
    admin.send(f"{here}/teachers/{teacher.id}/remove")
    admin.send(here, step="close")
    assert "停用了" in admin.see(here) and "已停用" in admin.see("/admin/organisations")
    admin.send(here, step="reopen")
    assert "针织职业学校" in admin.see(here) and "停用了" not in admin.see(here)
    admin.get("/admin/organisations/no-such", 404)
    Browser(bare_app, TEACHER).get("/admin/organisations", 403)
