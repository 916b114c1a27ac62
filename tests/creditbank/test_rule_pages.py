"""An administrator publishes the next version of the credit rules: written, looked at beside the present one, published."""

from __future__ import annotations

from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import text
from tests.clients import Browser, words
from tests.creditbank.test_rule_form import written
from tests.factories import make_person

from guanxue import accounts, audit, creditbank
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session, writing
from guanxue.creditbank import versions
from guanxue.creditbank.defaults import CITY_1

LEARNER, ADMIN = "13800000001", "13800000006"
LIST, NEW = "/admin/credit-rules", "/admin/credit-rules/new"


@pytest.fixture
def site(bare_app):
    with bare_app.test_request_context(), writing():
        make_person(LEARNER)
        make_person(ADMIN, "梁工", "administrator")
    return bare_app


@pytest.fixture
def admin(site) -> Browser:
    """Whose session has shown a second factor."""
    browser = Browser(site, ADMIN)
    with site.test_request_context(), writing():
        session.execute(text("UPDATE accounts_session SET proved_at = :now WHERE person_id = :id"),
                        {"now": clock.now().replace(tzinfo=None), "id": accounts.find_person_by_phone(ADMIN).id})
    return browser


def sent(step="preview", **change) -> dict[str, list[str]]:
    """The form of the shipped version with other words in some fields."""
    today = clock.today().isoformat()
    return written(CITY_1, **({"effective_on": today, "base": "1", "step": step} | change))


def newest(site) -> creditbank.CreditPolicy:
    with site.test_request_context():
        return versions.newest_credit_policy()


def test_the_form_is_filled_with_the_newest_version(admin):
    page = admin.see(NEW)
    assert 'name="caps-0-most" value="60"' in page and 'name="near" value="100"' in page and 'name="tell" value="85"' in page
    assert 'name="window-certificate" value="96"' in page and 'name="abbreviations-0-short" value="plc"' in page
    assert 'value="skills-upgrading&gt;secondary-vocational" checked' in page and "permille" not in page and "{" not in words(admin.get(NEW))


def test_what_differs_is_shown_old_beside_new_and_nothing_is_published(site, admin):
    page = admin.send(NEW, 200, **sent(**{"caps-0-most": "40", "reason": "市里开会定的"}))
    said = words(page)
    assert said.index("在线学习的学分一年最多 60 学分。") < said.index("在线学习的学分一年最多 40 学分。")
    assert "以前记入的学分一条也不变" in said and "市里开会定的" in said and "“技能提升”的学分" not in said
    assert newest(site).version == 1


def test_it_is_published_in_a_second_step_and_the_list_says_by_whom_and_why(site, admin):
    tomorrow = clock.today() + timedelta(days=1)
    admin.send(NEW, 303, **sent("publish", **{"caps-0-most": "40", "effective_on": tomorrow.isoformat(), "reason": "市里开会定的"}))
    made = newest(site)
    assert made.version == 2 and made.effective_on == tomorrow and made.rules.caps[0].most_milli == 40_000
    assert made.rules.caps[0].code == "year-online", "entries name a cap by its code"
    with site.test_request_context():
        assert creditbank.current_credit_policy().version == 1
        (line,) = audit.list_lines(subject="credit-rules:2")
        assert line.actor.startswith("person:") and line.detail["reason"] == "市里开会定的" and line.detail["rules"] == made.document
    said = words(admin.get(LIST))
    assert "梁工 在" in said and "市里开会定的" in said and "将要用" in said and "系统自带" in said
    assert "最多 40 学分" in words(admin.get("/rules/credits/2"))


@pytest.mark.parametrize(("name", "value"), [
    ("title", ""), ("effective_on", "2020-01-01"), ("effective_on", "x"), ("reason", ""), ("caps-0-most", "x"), ("near", "101")])
@pytest.mark.parametrize("step", ["preview", "publish"])
def test_what_cannot_be_comes_back_as_it_was_written(site, admin, step, name, value):
    page = admin.send(NEW, 422, **sent(step, **{"tell": "87.3", name: value})).get_data(as_text=True)
    assert 'name="tell" value="87.3"' in page and f'id="h-{name}"' in page and f'aria-describedby="h-{name}"' in page
    assert f'<p class="error" id="h-{name}">' in page and page.count('aria-invalid="true"') == 1
    assert newest(site).version == 1


def test_somebody_elses_version_is_not_overwritten(site, admin):
    with site.test_request_context(), writing():
        creditbank.publish_credit_policy(SYSTEM, title="别人的", document={**CITY_1, "content_permille": 700}, effective_on=clock.today())
    for step in ("preview", "publish"):
        page = admin.send(NEW, 409, **sent(step, **{"caps-0-most": "40"})).get_data(as_text=True)
        assert "有人发布了第 2 版" in page and 'name="caps-0-most" value="40"' in page and 'name="base" value="2"' in page
    assert 'name="base" value="1"' in admin.send(NEW, 422, **sent(title="")).get_data(as_text=True), "it is still to be told"
    assert newest(site).version == 2
    said = words(admin.send(NEW, 200, **sent(base="2", **{"caps-0-most": "40"})))
    assert "有 70% 以上的内容一样" in said and "有 80% 以上的内容一样" in said, "what theirs would undo"
    admin.send(NEW, 303, **sent("publish", base="2"))
    assert newest(site).version == 3


def test_a_version_that_is_still_to_come_takes_over_again(site, admin):
    later = clock.today() + timedelta(days=30)
    with site.test_request_context(), writing():
        creditbank.publish_credit_policy(SYSTEM, title="以后的", document=CITY_1, effective_on=later)
    assert f"第 2 版从 {later} 起用，已经发布" in words(admin.send(NEW, 200, **sent(base="2")))


@pytest.mark.parametrize(("change", "told"), [({}, "什么也没有改"), ({"semester_month": "9"}, "现在还用不上的数字")])
def test_a_version_that_says_the_same_is_told_so(admin, change, told):
    assert told in words(admin.send(NEW, 200, **sent(title="莞学学分规则", **change)))


def test_rows_are_added_without_a_script_and_going_back_keeps_what_was_written(site, admin):
    for step in ("more-caps", "edit"):
        page = admin.send(NEW, 200, **sent(step, title="", **{"caps-1-period": "year", "caps-1-most": "abc"})).get_data(as_text=True)
        assert 'name="caps-1-most" value="abc"' in page and 'name="caps-2-most" value=""' in page and 'aria-invalid="true"' not in page
    assert newest(site).version == 1


def test_only_who_administers_and_has_shown_a_second_factor(site):
    for path in (LIST, NEW):
        assert site.test_client().get(path).headers["Location"].startswith("/login")
        Browser(site, LEARNER).get(path, 403)
    plain = Browser(site, ADMIN)
    plain.see(LIST)
    assert "second-factor" in plain.get(NEW, 303).location
    assert "second-factor" in plain.send(NEW, 303, **sent("publish")).location
    assert newest(site).version == 1


@pytest.mark.parametrize(("language", "wanted"), [("en", "Write a new version"), ("zh_Hant", "寫新的一版")])
def test_other_languages_have_the_form_and_keep_the_shipped_name(site, admin, language, wanted):
    admin.client.set_cookie("lang", language)
    assert wanted in admin.see(NEW)
    title = unescape(admin.see(NEW).partition('name="title" value="')[2].partition('"')[0])
    admin.send(NEW, 200, **sent(title=title, near="90"))
    admin.send(NEW, 303, **sent("publish", title=title, near="90"))
    assert newest(site).title == "莞学学分规则"
