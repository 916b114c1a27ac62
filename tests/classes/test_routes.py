"""Pages of classes: each works, a stranger is refused, a wrong id is not found, bad input is named, a wrong method refused."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import timedelta

import pytest
from openpyxl import Workbook, load_workbook
from tests.clients import Browser, place, words
from tests.factories import make_class, make_person, meeting_plan

from guanxue import accounts, classes
from guanxue.accounts import organisations
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import begin_writing, end_work, writing

TEACHER, OTHER, ONE, TWO, INSPECTOR = (f"1380000000{n}" for n in range(1, 6))


@pytest.fixture
def site(any_app):
    """A teacher's class that goes on now, with 林小莲 in it; another teacher, an inspector."""
    with any_app.test_request_context(), writing():
        school = organisations.create_organisation(SYSTEM, name="东莞市针织职业技术学校", kind="school", slug="knit-school")
        teacher = make_person(TEACHER, "陈志强", "instructor")
        organisations.add_teacher(SYSTEM, school, TEACHER)
        make_person(OTHER, "周工", "instructor")
        one = make_person(ONE, "林小莲")
        make_person(TWO, "张伟")
        make_person(INSPECTOR, "许明", "inspector")
        cls, meeting = make_class(teacher, starts_in_s=120, institution="knit-school", is_public=True)
        classes.join_class(one, cls, promises=True)
        any_app.cls, any_app.meeting = cls.code, meeting.id
    return any_app


def at(site, path=""):
    return f"/teach/classes/{site.cls}{path}"


def meeting_at(site, path=""):
    return at(site, f"/meetings/{site.meeting}{path}")


def code_shown(site, way="in"):
    """What the screen in the room shows: the address in its QR code."""
    with site.test_request_context():
        meeting = classes.get_meeting(classes.find_class(site.cls), site.meeting)
        return f"/classes/{site.cls}/sign?c={classes.shown_now(meeting, way).token}"


def stamp_on(page: str) -> str:
    return re.search(r'name="stamp" value="([^"]+)"', page)[1]


# ---- making one


def test_a_teacher_makes_a_class_from_nothing_and_opens_it(site):
    browser, day = Browser(site, TEACHER), (clock.today() + timedelta(days=2)).isoformat()
    browser.see("/teach/classes/new")
    form = {"title": "横机班", "begins_on": day, "ends_on": day, "seats": "20", "share": "80", "institution": "knit-school", "policy": "light",
            "course": "", "plan": "第一天：认机器。"}
    assert "请选日期" in words(browser.send("/teach/classes/new", 422, **{**form, "ends_on": "?"}))
    made = place(browser.send("/teach/classes/new", **form))
    browser.see(made)
    assert "先安排至少一次课" in words(browser.send(f"{made}/state", 409, step="open"))
    browser.see(f"{made}/meetings/new")
    meeting = {"kind": "theory", "title": "认机器", "place": "3 号楼", "on": day, "begins": "09:00", "ends": "12:00", "breaks": "10:00-10:10"}
    assert "休息时间" in words(browser.send(f"{made}/meetings/new", 422, **{**meeting, "breaks": "中午"}))
    browser.send(f"{made}/meetings/new", **meeting)
    browser.send(f"{made}/state", step="open")
    page = browser.see(made)
    assert "开班中" in page and "认机器" in page and "09:00–12:00" in page and "东莞市针织职业技术学校" in page
    edit = {**form, "seats": "25", "title": "横机班（改）"}
    browser.send(f"{made}/edit", **edit)
    assert "横机班（改）" in browser.see(made)
    meeting_path = re.search(r'href="(/teach/classes/\w+/meetings/\d+)/edit"', page)[1]
    assert "请写一点内容" in words(browser.send(f"{meeting_path}/edit", 422, **{**meeting, "begins": "10:00"}))
    browser.send(f"{meeting_path}/edit", **{**meeting, "begins": "09:30"}, reason="老师堵车")
    browser.send(f"{meeting_path}/cancel", reason="停电")
    assert "停电" in browser.see(made)
    browser.send(f"{made}/state", step="cancel", reason="人太少")
    assert "人太少" in browser.see(made)


@pytest.mark.parametrize("path", ["", "/roster", "/report", "/file", "/report.csv", "/edit", "/meetings/new"])
def test_pages_of_a_class_are_for_who_holds_it(site, path):
    for phone in (OTHER, ONE):
        Browser(site, phone).get(at(site, path), 404)
    answer = Browser(site).client.get(at(site, path))
    assert answer.status_code == 303 and "/login" in answer.headers["Location"]
    Browser(site, TEACHER).get(f"/teach/classes/NOSUCH22{path}", 404)
    assert Browser(site, TEACHER).client.delete(at(site, path)).status_code in (400, 405)
    Browser(site, INSPECTOR).get(at(site, path), 403 if path in ("/edit", "/meetings/new") else 200)


def test_learners_have_no_list_of_classes_at_work(site):
    Browser(site, ONE).get("/teach/classes", 403)
    Browser(site, ONE).get("/teach/classes/new", 403)
    assert "数控车工五级班" in Browser(site, INSPECTOR).see("/teach/classes")


def test_a_teacher_is_added_by_number_and_removed(site):
    browser = Browser(site, TEACHER)
    browser.see(at(site))
    assert "不是莞学的老师" in words(browser.send(at(site, "/teachers"), 422, phone=ONE))
    browser.send(at(site, "/teachers"), phone=OTHER)
    assert "周工" in browser.see(at(site))
    other = Browser(site, OTHER)
    assert "点名" in other.see(meeting_at(site))
    other.get(at(site, "/edit"), 403)
    with site.test_request_context():
        person = accounts.find_person_by_phone(OTHER).id
    browser.send(at(site, f"/teachers/{person}/remove"))
    other.get(meeting_at(site), 404)


# ---- rosters


def sheet(*rows) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def test_a_roster_is_looked_at_before_anything_is_written(site):
    browser = Browser(site, TEACHER)
    browser.see(at(site, "/roster"))
    table = sheet(["东莞市针织职业技术学校 名册"], ["序号", "姓名", "手机号"], [1, "王芳", 13911110001.0], [2, "李娜", "139 1111 0002"],
                  [3, "没有号", None], [4, "错的", "12345"], [5, "王芳又来", "13911110001"], [6, None, "13911110003"])
    looked = browser.send(at(site, "/roster"), 200, multipart=True, file=(io.BytesIO(table), "名册.xlsx"))
    told = words(looked)
    assert "13911110001" in told and "13911110002" in told and "把这 2 人加进名册" in told
    for line, why in (("5", "没有手机号"), ("6", "手机号不对"), ("7", "和第 3 行是同一个手机号"), ("8", "没有姓名")):
        assert re.search(rf"第 {line} 行.*{why}", told), told
    assert "王芳" not in browser.see(at(site, "/roster"))
    lines = re.search(r"<textarea hidden name=\"lines\"[^>]*>(.*?)</textarea>", looked.get_data(as_text=True), re.S)[1]
    assert "added=2" in place(browser.send(at(site, "/roster/confirm"), lines=lines))
    page = browser.see(at(site, "/roster"))
    assert "王芳" in page and "139****0001" in page and "13911110001" not in page and "候补" in page


@pytest.mark.parametrize(("data", "name", "why"), [
    (b"\xd0\xcf\x11\xe0" + b"0" * 600, "a.xls", "旧格式"), (b"PK\x03\x04broken", "a.xlsx", "不完整"), (b"", "a.csv", "空的"),
    (b"\x00\x01\x02", "a.bin", "不是表格"), (b"x" * (2 * 1024**2 + 10), "a.csv", "文件太大"), ("只有标题".encode(), "a.csv", None)])
def test_what_is_no_roster_is_said(site, data, name, why):
    browser = Browser(site, TEACHER)
    browser.see(at(site, "/roster"))
    answer = browser.send(at(site, "/roster"), 422 if why else 200, multipart=True, file=(io.BytesIO(data), name))
    assert (why or "没有一行可以加") in words(answer)


def test_pasted_lines_and_gbk_tables_are_rosters_too(site):
    browser = Browser(site, TEACHER)
    browser.see(at(site, "/roster"))
    told = words(browser.send(at(site, "/roster"), 200, lines="王芳 13911110001\n李娜，+86 139-1111-0002\n1.3911110003E+10\t赵六"))
    assert "把这 3 人加进名册" in told
    table = "姓名,电话\n王芳,13911110001\n".encode("gb18030")
    assert "王芳" in words(browser.send(at(site, "/roster"), 200, multipart=True, file=(io.BytesIO(table), "a.csv")))


def test_somebody_is_removed_with_a_reason_that_they_read(site):
    browser = Browser(site, TEACHER)
    row = re.search(r"/roster/(\d+)/remove", browser.see(at(site, "/roster")))[1]
    browser.send(at(site, f"/roster/{row}/remove"), 422, reason=" ")
    browser.send(at(site, f"/roster/{row}/remove"), reason="报错班了")
    assert "报错班了" in Browser(site, ONE).see(f"/classes/{site.cls}")
    browser.send(at(site, "/roster/99999/remove"), 404, reason="x")


def test_the_blank_table_opens_in_excel(site):
    book = load_workbook(io.BytesIO(Browser(site, TEACHER).get("/teach/classes/roster.xlsx").get_data()))
    assert [c.value for c in book.active[1]] == ["姓名", "手机号"]


# ---- learners


def test_a_learner_joins_waits_and_leaves(site):
    browser = Browser(site, TWO)
    assert "数控车工五级班" in browser.see("/classes")
    page = browser.see(f"/classes/{site.cls}")
    assert "承诺书" in page
    assert "请先读一遍承诺" in words(browser.send(f"/classes/{site.cls}/join", 422))
    browser.send(f"/classes/{site.cls}/join", promise="yes")
    assert "已入班" in browser.see(f"/classes/{site.cls}")
    browser.send(f"/classes/{site.cls}/leave")
    assert "你已经退出这个班" in browser.see(f"/classes/{site.cls}")
    browser.get("/classes/NOSUCH22", 404)
    assert Browser(site).client.post(f"/classes/{site.cls}/join").status_code == 403
    assert "登录后报名" in Browser(site).see(f"/classes/{site.cls}")


# ---- signing


def test_one_button_signs_in_and_the_same_form_again_changes_nothing(site):
    browser = Browser(site, ONE)
    page = browser.see(code_shown(site))
    stamp = stamp_on(page)
    for _n in range(2):
        done = place(browser.send(f"/classes/{site.cls}/sign", stamp=stamp))
        assert "已签到" in browser.see(done)
    with site.test_request_context():
        rows = classes.list_attendance([site.meeting])
    assert len(rows) == 1 and rows[0].way == "code" and rows[0].device_hash and rows[0].agent_hash
    with clock.advance(3600):
        stamp = stamp_on(browser.see(code_shown(site, "out")))
        assert "已签退" in browser.see(place(browser.send(f"/classes/{site.cls}/sign", stamp=stamp)))


def test_who_signed_out_and_goes_on_is_shown_how_to_sign_in_again(site):
    browser = Browser(site, ONE)
    browser.send(f"/classes/{site.cls}/sign", stamp=stamp_on(browser.see(code_shown(site))))
    with clock.advance(3600):
        done = place(browser.send(f"/classes/{site.cls}/sign", stamp=stamp_on(browser.see(code_shown(site, "out")))))
        assert "要再扫一次签到" in browser.see(done)
    with clock.advance(3700):
        told = browser.send(f"/classes/{site.cls}/sign", 409, stamp=stamp_on(browser.see(code_shown(site, "out")))).get_data(as_text=True)
        assert "请先再签到" in told and "name=\"stamp\"" not in told and f'value="{site.meeting}-in"' in told
        again = place(browser.send(f"/classes/{site.cls}/sign", stamp=stamp_on(browser.see(code_shown(site)))))
        assert "已签到" in browser.see(again)


def test_a_week_later_the_roll_says_who_may_still_call_it(site):
    with clock.advance(8 * 86_400):
        page = Browser(site, TEACHER).see(meeting_at(site))
    assert str(classes.ROLL_OVER) in page and 'name="mark"' not in page


def test_a_photo_of_the_code_is_worthless_a_minute_later(site):
    browser, address = Browser(site, ONE), code_shown(site)
    with clock.advance(60):
        page = browser.get(address, 409)
    assert "这个码已经换了" in words(page)


def test_who_is_not_signed_in_comes_back_with_the_moment_of_scanning(site):
    browser = Browser(site)
    login = place(browser.client.get(code_shown(site)))
    assert login.startswith("/login?next=")
    scanned = clock.now_ms()
    with clock.advance(300):
        browser.see(login)
        back = place(browser.send("/login", phone=ONE, password="a-good-password-1", next=re.search(r'name="next" value="([^"]+)"', browser.see(login))[1].replace("&amp;", "&")))
        page = browser.see(back)
        browser.send(f"/classes/{site.cls}/sign", stamp=stamp_on(page))
        with site.test_request_context():
            row = classes.list_attendance([site.meeting])[0]
    assert abs(row.from_ms - scanned) < 5_000 and row.received_ms - row.from_ms > 290_000
    stranger = Browser(site, TWO)  # the address alone, sent to a friend
    with clock.advance(300):
        assert "换了一部手机" in words(stranger.get(back, 409))


def test_an_address_sent_by_chat_is_worth_nothing_in_another_browser(site):
    stamp = stamp_on(Browser(site, ONE).see(code_shown(site)))
    friend = Browser(site, TWO)
    friend.see("/me/settings")
    assert "换了一部手机" in words(friend.send(f"/classes/{site.cls}/sign", 409, stamp=stamp))


def test_six_digits_sign_in_too_and_guessing_is_slowed_down(site):
    browser = Browser(site, ONE)
    page = browser.see(f"/classes/{site.cls}/sign")
    meeting = re.search(r'name="meeting" value="([^"]+)"', page)[1]
    assert "6 位数字" in words(browser.send(f"/classes/{site.cls}/sign", 422, meeting=meeting, digits="12"))
    with site.test_request_context():
        digits = classes.shown_now(classes.get_meeting(classes.find_class(site.cls), site.meeting), "in").digits
    wrong = f"{(int(digits) + 7) % 1_000_000:06}"
    assert "数字不对" in words(browser.send(f"/classes/{site.cls}/sign", 409, meeting=meeting, digits=wrong))
    browser.send(f"/classes/{site.cls}/sign", meeting=meeting, digits=f"{digits[:3]} {digits[3:]}")
    for _n in range(3):
        browser.send(f"/classes/{site.cls}/sign", 409, meeting=meeting, digits=wrong)
    answer = browser.send(f"/classes/{site.cls}/sign", 429, meeting=meeting, digits=wrong)
    assert answer.status_code == 429


def test_who_is_not_on_the_roster_is_told_to_say_so(site):
    browser = Browser(site, TWO)
    stamp = stamp_on(browser.see(code_shown(site)))
    assert "名册上没有你" in words(browser.send(f"/classes/{site.cls}/sign", 404, stamp=stamp))
    Browser(site, TWO).get("/classes/NOSUCH22/sign", 404)
    assert browser.send(f"/classes/{site.cls}/sign", 409, stamp="1.in.5.5.x").status_code == 409


def test_opening_the_code_writes_nothing(site):
    from tests.walks import fingerprint
    browser, address = Browser(site, ONE), code_shown(site)
    before = fingerprint(site)
    browser.see(address)
    assert fingerprint(site) == before


# ---- the screen, the roll


def test_the_screen_changes_every_ten_seconds_and_shows_none_outside_its_time(site):
    browser = Browser(site, TEACHER)
    assert "扫码签到" in browser.see(meeting_at(site, "/screen"))
    first = browser.get(meeting_at(site, "/screen.json")).get_json()
    with clock.advance(10):
        second = browser.get(meeting_at(site, "/screen.json")).get_json()
    assert first["is_now"] and first["qr"] != second["qr"] and first["qr"].startswith("data:image/svg+xml") and first["ms_left"] <= 10_000
    assert second["seated"] == 1 and second["count"] == 0
    out = json.loads(browser.get(meeting_at(site, "/screen.json?way=out")).get_data())
    assert not out["is_now"] and out["qr"] == ""
    browser.get(meeting_at(site, "/screen?way=x"), 404)
    for phone in (OTHER, ONE):
        Browser(site, phone).get(meeting_at(site, "/screen.json"), 404)
    Browser(site, INSPECTOR).get(meeting_at(site, "/screen"), 403)  # reads, but shows no codes


def test_the_roll_marks_by_hand_with_a_reason(site):
    browser = Browser(site, TEACHER)
    row = re.search(r'name="place" value="(\d+)"', browser.see(meeting_at(site)))[1]
    with clock.advance(4 * 3600):
        browser.see(meeting_at(site))
        assert "请写一点内容" in words(browser.send(meeting_at(site, "/roll"), 422, place=row, mark="present", reason=""))
        assert "请选一种情况" in words(browser.send(meeting_at(site, "/roll"), 422, place=row, mark="", reason="x"))
        browser.send(meeting_at(site, "/roll"), 404, place="99999", mark="present", reason="x")
        browser.send(meeting_at(site, "/roll"), place=row, mark="present", reason="手机没电")
        assert "手机没电" in browser.see(meeting_at(site)) and "180 分钟" in browser.see(meeting_at(site))
        assert "老师记的：手机没电" in Browser(site, ONE).see(f"/classes/{site.cls}")
    Browser(site, INSPECTOR).see("/me/settings")
    inspector = Browser(site, INSPECTOR)
    inspector.see(meeting_at(site))
    inspector.send(meeting_at(site, "/roll"), 403, place=row, mark="present", reason="x")


def test_report_and_file_show_what_tables_say(site):
    browser = Browser(site, TEACHER)
    row = re.search(r'name="place" value="(\d+)"', browser.see(meeting_at(site)))[1]
    with clock.advance(4 * 3600):
        browser.see(meeting_at(site))
        browser.send(meeting_at(site, "/roll"), place=row, mark="present", reason="=cmd()")
        browser.send(meeting_at(site, "/finish"), reason="屏幕坏了")
        report = browser.see(at(site, "/report"))
        assert "林小莲" in report and "100%" in report and "4.000" in report
        assert "承诺书" in browser.see(at(site, "/file"))
        book = load_workbook(io.BytesIO(browser.get(at(site, "/report.xlsx")).get_data()))
        assert [c.value for c in book.active[2]][:3] == ["林小莲", "138****0003", "已入班"]
        assert "林小莲" in browser.get(at(site, "/report.csv")).get_data().decode("utf-8-sig")
        browser.get(at(site, "/report.pdf"), 404)
        browser.see(at(site))
        browser.send(at(site, "/state"), step="close")
        assert "已结业" in browser.see(at(site, "/report")) or "结业" in browser.see(at(site, "/report"))
        assert "4.000" in Browser(site, ONE).see("/me/credits")


def test_seats_are_put_right_after_the_meeting_and_after_the_class(site):
    browser, edit = Browser(site, TEACHER), meeting_at(site, "/edit")
    fields = re.findall(r'<input[^>]*name="(title|place|on|begins|ends|breaks)"[^>]*value="([^"]*)"', browser.see(edit))
    form = {"kind": "theory", **dict(fields)}
    browser.send(edit, **form, seats="1", reason="小教室")
    with clock.advance(4 * 3600):
        assert "改座位" in browser.see(at(site)) and "改时间或取消" not in browser.see(at(site))
        browser.send(at(site, "/state"), step="close")
        page = browser.see(edit)
        assert "这次课只能改座位" in page and "取消这次课" not in page
        assert "只能改座位" in words(browser.send(edit, 409, **{**form, "place": "别处"}, seats="2", reason="填错了"))
        browser.send(edit, **form, seats="2", reason="填错了")
        assert "填错了" in browser.see(at(site)) and "改座位" in browser.see(at(site))


def test_a_night_class_in_two_time_zones_of_days_is_one_meeting(site):
    """A meeting over midnight is found by the times of its own night on the roll."""
    with site.test_request_context():
        begin_writing()
        cls = classes.find_class(site.cls)
        person = accounts.find_person_by_phone(TEACHER)
        from guanxue.core.actor import Actor
        teacher = Actor("person", person.id, person.name, accounts.capabilities_of(person.id))
        begins = (clock.now() + timedelta(days=1)).astimezone(clock.CITY).replace(hour=22, minute=0, second=0, microsecond=0)
        made = classes.add_meeting(teacher, cls, meeting_plan(begins, 4)).id
        end_work(commit=True)
    browser = Browser(site, TEACHER)
    row = re.search(r'name="place" value="(\d+)"', browser.see(meeting_at(site)))[1]
    with clock.travel(begins + timedelta(hours=6)):
        path = at(site, f"/meetings/{made}")
        browser.see(path)
        browser.send(f"{path}/roll", place=row, mark="left", at="00:30", reason="家里有事")
        assert "22:00–00:30" in browser.see(path) and "150 分钟" in browser.see(path)


@pytest.mark.parametrize("typed", [
    {"begins": f"{'9' * 20}:00"}, {"ends": f"09:{'9' * 20}"}, {"on": "0001-01-01"}, {"on": "9999-12-31"}])
def test_times_and_days_that_no_calendar_shows_are_named(site, typed):
    browser = Browser(site, TEACHER)
    browser.see(at(site, "/meetings/new"))
    plan = {"kind": "theory", "title": "量具", "place": "302", "on": clock.today().isoformat(), "begins": "09:00", "ends": "12:00"}
    browser.send(at(site, "/meetings/new"), 422, **{**plan, **typed})


@pytest.mark.parametrize(("begins_on", "ends_on"), [("0001-01-01", "0001-01-02"), ("9999-12-31", "9999-12-31")])
def test_a_class_of_another_age_is_no_class(site, begins_on, ends_on):
    browser = Browser(site, TEACHER)
    browser.see("/teach/classes/new")
    browser.send("/teach/classes/new", 422, title="量具班", plan="读数。", policy="light", begins_on=begins_on, ends_on=ends_on, seats="20", share="80")


def test_a_moment_that_no_clock_shows_is_named_on_the_roll(site):
    browser = Browser(site, TEACHER)
    row = re.search(r'name="place" value="(\d+)"', browser.see(meeting_at(site)))[1]
    with clock.advance(3600):
        browser.see(meeting_at(site))
        browser.send(meeting_at(site, "/roll"), 422, place=row, mark="late", at=f"{'9' * 20}:00", reason="堵车")


def test_a_name_with_a_comma_is_the_same_after_the_look(site):
    browser = Browser(site, TEACHER)
    browser.see(at(site, "/roster"))
    table = sheet(["姓名", "手机号"], ["Smith, John", "13911110009"])
    looked = browser.send(at(site, "/roster"), 200, multipart=True, file=(io.BytesIO(table), "a.xlsx")).get_data(as_text=True)
    lines = re.search(r"<textarea hidden name=\"lines\"[^>]*>(.*?)</textarea>", looked, re.S)[1]
    browser.send(at(site, "/roster/confirm"), lines=lines)
    assert "Smith, John" in browser.see(at(site, "/roster"))


def test_a_workbook_that_hides_its_weight_under_another_name_is_refused(site):
    """The part that holds the words need not be called .xml: what it weighs is counted all the same."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sheet(["姓名", "手机号"], ["王芳", "13911110001"]))) as plain, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        for part in plain.infolist():
            out.writestr(part.filename, plain.read(part))
        out.writestr("xl/words.bin", b"<si><t>x</t></si>" * 200_000)
    browser = Browser(site, TEACHER)
    browser.see(at(site, "/roster"))
    answer = browser.send(at(site, "/roster"), 422, multipart=True, file=(io.BytesIO(packed.getvalue()), "a.xlsx"))
    assert "解开以后太大" in words(answer)
