"""A course package by page: looked at before anything is written, one press to a draft of one's own, and out again."""

from __future__ import annotations

import io
import os
import re
import zipfile
from base64 import b64encode
from datetime import timedelta
from threading import BoundedSemaphore

import pytest
from tests.clients import Browser, place, words
from tests.courses.test_commands import FACTS, write_course, zipped
from tests.courses.test_folder_files import png, write_with_files
from tests.factories import GIFT, TEXT, make_film, make_person

from guanxue import courses, jobs, media
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session, writing
from guanxue.courses import checking, drafting, importing, keeping, parcels, removals, tasks
from guanxue.courses.models import Course, Lesson, Revision
from guanxue.courses.routes import parcels as pages

TEACHER, OTHER, LEARNER = "13800000002", "13800000012", "13800000001"


@pytest.fixture
def teacher(bare_app):
    """(app, the teacher)."""
    with bare_app.test_request_context(), writing():
        made = make_person(TEACHER, "陈师傅", "instructor")
        make_person(OTHER, "李师傅", "instructor")
        make_person(LEARNER)
    return bare_app, made


def send(browser, package, name="course.zip", status=303):
    return browser.send("/teach/bring", status, file=(io.BytesIO(package.read_bytes()), name))


def count(app, *models):
    with app.test_request_context():
        return [session.query(m).count() for m in models]


def test_a_package_is_looked_at_before_anything_is_written_and_one_press_makes_a_draft(teacher, tmp_path):
    app, actor = teacher
    package = zipped(write_with_files(tmp_path / "c"), tmp_path / "c.zip", "c/")
    browser = Browser(app, TEACHER)
    before = count(app, Course, Lesson, media.Asset)
    at = place(send(browser, package))
    told = words(browser.get(at))
    assert "建成你的一门新草稿" in told and "一样不少" in told and re.search(r"文件\s*5\s*5\s*0", told) and "先停机" in told
    assert count(app, Course, Lesson, media.Asset) == before
    browser.send(at, 303)
    assert "带进来了" in words(browser.get(at)) and 'href="/teach/safe-work"' in browser.get(at).get_data(as_text=True)
    with app.test_request_context():
        made = courses.get_course("safe-work", actor)
        assert (made.owner_id, made.state, made.revision_id, made.title) == (actor.id, "draft", None, "安全操作")
        assert "/media/files/" in courses.list_lessons(made.id)[0].body
    browser.send(at, 303)  # pressed twice it is one draft
    assert count(app, Course) == [1]


def test_a_package_is_unpacked_where_the_sweep_finds_what_a_killed_process_left(teacher, tmp_path, monkeypatch):
    app, actor = teacher
    places = []
    read = importing.read_folder
    monkeypatch.setattr(importing, "read_folder", lambda path: places.append(path) or read(path))
    monkeypatch.setattr(checking, "read_folder", lambda path: places.append(path) or read(path))
    browser = Browser(app, TEACHER)
    at = place(send(browser, zipped(write_course(tmp_path / "c"), tmp_path / "c.zip")))
    browser.send(at, 303)
    with app.app_context():
        mine = parcels.package_of(actor.id, at.rsplit("/", 1)[1]).parent
    assert len(places) == 2 and all(x.is_relative_to(mine) for x in places) and [x.name for x in mine.iterdir()] == ["state.json"]


def test_small_packages_beyond_a_few_at_once_are_a_jobs_and_hold_no_page_up(teacher, tmp_path, monkeypatch):
    app, actor = teacher
    monkeypatch.setattr(pages, "at_once", BoundedSemaphore(1))
    package, browser = zipped(write_course(tmp_path / "c"), tmp_path / "c.zip"), Browser(app, TEACHER)
    with pages.at_once:
        at = place(send(browser, package))
        assert "先停机" not in words(browser.get(at))
    jobs.run_waiting(app)
    assert "建成你的一门新草稿" in words(browser.get(at))
    with pages.at_once:
        browser.send(at, 303)
        assert count(app, Course) == [0]
    jobs.run_waiting(app)
    assert "带进来了" in words(browser.get(at))
    with pages.at_once:
        out = place(browser.send("/teach/safe-work/take-along", 303, what="draft"))
    jobs.run_waiting(app)
    assert browser.get(f"{out}/package.zip").data[:2] == b"PK"


def test_the_same_package_again_changes_nothing_and_a_changed_one_says_what_before_it_does(teacher, tmp_path):
    app, actor = teacher
    folder = write_course(tmp_path / "c")
    browser = Browser(app, TEACHER)
    browser.send(place(send(browser, zipped(folder, tmp_path / "a.zip"))), 303)
    assert "已经是这样" in words(browser.get(place(send(browser, tmp_path / "a.zip"))))
    (folder / "lessons" / "02-more.md").write_text(f"# 再测量\n\n{TEXT}\n", "utf-8")
    (folder / "course.yaml").write_text(FACTS.replace("01-stop.md\n", "01-stop.md\n  - lessons/02-more.md\n").replace("安全操作", "安全操作二"), "utf-8")
    at = place(send(browser, zipped(folder, tmp_path / "b.zip")))
    told = words(browser.get(at))
    assert "更新你的草稿“安全操作”" in told and "课程信息会改：名称" in told and re.search(r"再测量\s*新加", told)
    with app.test_request_context(), writing():  # meanwhile somebody writes
        course = courses.get_course("safe-work", actor)
        courses.edit_lesson(actor, course, courses.list_lessons(course.id)[0].id, title="先停机", body="刚写的。")
    answer = browser.send(at, 409)
    assert "又被改过了" in words(answer) and re.search(r"先停机\s*改动", words(answer))
    browser.send(at, 303)
    with app.test_request_context():
        course = courses.get_course("safe-work", actor)
        assert [x.title for x in courses.list_lessons(course.id)] == ["先停机", "再测量", "课程考核"] and course.title == "安全操作二"
        assert courses.list_lessons(course.id)[0].version == 3


def test_a_lesson_that_a_package_does_not_have_goes_and_can_be_put_back(teacher, tmp_path):
    app, actor = teacher
    package, browser = zipped(write_course(tmp_path / "c"), tmp_path / "a.zip"), Browser(app, TEACHER)
    browser.send(place(send(browser, package)), 303)
    with app.test_request_context(), writing():
        courses.add_lesson(actor, courses.get_course("safe-work", actor), title="多的一节", kind="text", body="多的话。")
    at = place(send(browser, package))
    assert re.search(r"多的一节\s*去掉", words(browser.get(at)))
    browser.send(at, 303)
    with app.test_request_context():
        course = courses.get_course("safe-work", actor)
        assert [x.title for x in courses.list_lessons(course.id)] == ["先停机", "课程考核"]
        assert [x.title for x in removals.list_removed(course)] == ["多的一节"]


def test_what_is_published_stays_and_learners_see_it_until_the_next_publication(teacher, tmp_path):
    app, actor = teacher
    folder, browser = write_course(tmp_path / "c"), Browser(app, TEACHER)
    browser.send(place(send(browser, zipped(folder, tmp_path / "a.zip"))), 303)
    with app.test_request_context(), writing():
        courses.publish_course(SYSTEM, courses.get_course("safe-work", SYSTEM))
    (folder / "lessons" / "01-stop.md").write_text("# 先停机\n\n别的话。\n", "utf-8")
    browser.send(place(send(browser, zipped(folder, tmp_path / "b.zip"))), 303)
    with app.test_request_context():
        course = courses.get_course("safe-work", actor)
        assert course.state == "draft" and session.query(Revision).count() == 1
        assert courses.lessons_of(course.revision_id)[0].body == TEXT and courses.list_lessons(course.id)[0].body == "别的话。"


def test_another_teachers_course_is_never_touched_and_the_new_one_gets_another_address(teacher, tmp_path):
    app, actor = teacher
    package = zipped(write_course(tmp_path / "c"), tmp_path / "c.zip")
    other, browser = Browser(app, OTHER), Browser(app, TEACHER)
    other.send(place(send(other, package)), 303)
    at = place(send(browser, package))
    assert "得到另一个地址" in words(browser.get(at))
    browser.send(at, 303)
    with app.test_request_context():
        mine = session.query(Course).filter_by(owner_id=actor.id).one()
        assert mine.slug.startswith("c-") and session.query(Course).count() == 2
    assert other.get(at, 404) and other.get(f"{at}/package.zip", 404)


def test_a_course_that_is_read_is_not_updated(teacher, tmp_path):
    app, actor = teacher
    package, browser = zipped(write_course(tmp_path / "c"), tmp_path / "c.zip"), Browser(app, TEACHER)
    browser.send(place(send(browser, package)), 303)
    with app.test_request_context(), writing():
        courses.get_course("safe-work", actor).state = "submitted"
    at = place(send(browser, package))
    assert "正在审核" in words(browser.get(at))
    browser.send(at, 303)
    with app.test_request_context():
        assert courses.get_course("safe-work", actor).state == "submitted"


def test_what_is_no_package_or_has_faults_is_refused_in_words_and_leaves_nothing(teacher, tmp_path, site):
    app, _actor = teacher
    browser = Browser(app, TEACHER)
    assert "请先选一个课程包" in words(browser.send("/teach/bring", 422))
    bad = tmp_path / "bad.zip"
    bad.write_bytes(b"")
    assert "文件是空的" in words(send(browser, bad, status=422))
    bad.write_bytes(b"hello")
    assert "不是课程文件夹" in words(browser.get(place(send(browser, bad))))
    with zipfile.ZipFile(bad, "w") as made:
        made.writestr("../evil.md", "x")
    assert "路径指向了包外面" in words(browser.get(place(send(browser, bad))))
    folder = write_course(tmp_path / "c", lesson="没有标题\n")
    at = place(send(browser, zipped(folder, tmp_path / "c.zip")))
    told = words(browser.get(at))
    assert "lessons/01-stop.md" in told and "第一行应为" in told and "什么也没有写进平台" in told
    browser.send(at, 303)
    assert count(app, Course) == [0]
    browser.send(f"{at}/drop", 303)
    assert browser.get(at, 404)


def test_what_a_draft_may_lack_is_told_and_the_draft_is_made_all_the_same(teacher, tmp_path):
    app, actor = teacher
    folder = write_course(tmp_path / "c", FACTS.replace("quiz: quiz.gift\n", ""), lesson="# 先停机\n")
    (folder / "quiz.gift").unlink()
    browser = Browser(app, TEACHER)
    at = place(send(browser, zipped(folder, tmp_path / "c.zip")))
    assert "没有考核题" in words(browser.get(at)) and "没有正文" in words(browser.get(at))
    browser.send(at, 303)
    with app.test_request_context():
        assert [x.title for x in courses.list_lessons(courses.get_course("safe-work", actor).id)] == ["先停机"]


def test_a_large_package_is_read_and_written_by_a_job_that_tells_how_far_it_is(teacher, tmp_path, monkeypatch):
    app, actor = teacher
    monkeypatch.setattr(parcels, "SMALL_BYTES", 10)
    package, browser = zipped(write_with_files(tmp_path / "c"), tmp_path / "c.zip"), Browser(app, TEACHER)
    at = place(send(browser, package))
    assert "正在看课程包里有什么" in words(browser.get(at)) and "data-going" in browser.get(at).get_data(as_text=True)
    jobs.run_waiting(app)
    assert "建成你的一门新草稿" in words(browser.get(at))
    browser.send(at, 303)
    assert "正在带进来" in words(browser.get(at)) and count(app, Course) == [0]
    jobs.run_waiting(app)
    assert "带进来了" in words(browser.get(at)) and count(app, Course) == [1]
    out = place(browser.send("/teach/safe-work/take-along", 303, what="draft"))
    assert "正在打包" in words(browser.get(out)) and browser.get(f"{out}/package.zip", 404)
    jobs.run_waiting(app)
    fetched = browser.get(f"{out}/package.zip")
    assert fetched.status_code == 200 and fetched.headers["Content-Disposition"].endswith("safe-work.zip")
    part = browser.client.get(f"{out}/package.zip", headers={"Range": "bytes=0-1"})
    assert (part.status_code, part.data) == (206, b"PK")


TUS = {"Tus-Resumable": "1.0.0"}


def tus(browser, method, path, status, **more):
    headers = {**TUS, "X-CSRF-Token": browser.token, **more.pop("headers", {})}
    answer = browser.client.open(path, method=method, headers=headers, **more)
    assert answer.status_code == status, (answer.status_code, answer.get_data(as_text=True)[:300])
    return answer


def announce(name: str, size: int) -> dict:
    told = {"filename": name, "for": "package"}
    return {"Upload-Length": str(size), "Upload-Metadata": ",".join(f"{k} {b64encode(v.encode()).decode()}" for k, v in told.items())}


def test_a_package_that_comes_in_pieces_goes_on_after_a_cut_and_is_no_film(teacher, tmp_path, site):
    app, actor = teacher
    data = zipped(write_course(tmp_path / "c"), tmp_path / "c.zip").read_bytes()
    browser, other, half = Browser(app, TEACHER), Browser(app, OTHER), len(data) // 2
    at = tus(browser, "POST", "/upload/", 201, headers=announce("课.zip", len(data))).headers["Location"]
    code, kind = at.rsplit("/", 1)[-1], {"content_type": "application/offset+octet-stream"}
    tus(browser, "PATCH", at, 204, data=data[:half], headers={"Upload-Offset": "0"}, **kind)
    refused = browser.client.post("/teach/bring", data={"upload": code, "csrf_token": browser.token})
    assert refused.status_code == 409 and not list((site / "parcels").iterdir())
    assert "课.zip" not in words(browser.get("/teach/uploads"))
    told = browser.client.get("/teach/uploads?for=package", headers={"Accept": "application/json"}).get_json()["uploads"]
    assert [(x["code"], x["here"], x["whole"]) for x in told] == [(code, half, False)]
    tus(browser, "PATCH", at, 204, data=data[half:], headers={"Upload-Offset": str(half)}, **kind)
    assert tus(browser, "HEAD", at, 200).headers["Upload-Offset"] == str(len(data))
    assert count(app, media.Asset) == [0] and not (site / "media" / "originals").exists()
    other.send("/teach/bring", 404, upload=code)
    with app.test_request_context(), writing():
        slug = courses.create_course(actor, title="视频课", kind="skills-upgrading").slug
    assert browser.client.post(f"/teach/{slug}/uploads", data={"upload": code, "csrf_token": browser.token}).status_code == 404
    assert count(app, media.Asset) == [0]
    asked = [browser.client.post("/teach/bring", data={"upload": code, "csrf_token": browser.token}, headers={"Accept": "application/json"})
             for _n in range(2)]  # the first answer may be lost
    assert [a.get_json() for a in asked] == [{"place": f"/teach/parcels/{code}"}] * 2
    assert "建成你的一门新草稿" in words(browser.get(f"/teach/parcels/{code}")) and not list((site / "media" / "uploads").iterdir())
    assert browser.client.get("/teach/uploads?for=package", headers={"Accept": "application/json"}).get_json()["uploads"] == []


def test_what_is_no_package_or_too_large_is_refused_before_a_byte_is_sent(teacher):
    app, _actor = teacher
    browser = Browser(app, TEACHER)
    assert "不是课程包" in tus(browser, "POST", "/upload/", 415, headers=announce("film.mp4", 10)).get_json()["detail"]
    assert "最大 4 GB" in tus(browser, "POST", "/upload/", 413, headers=announce("c.zip", 4 * 1024**3 + 1)).get_json()["detail"]


def test_a_package_that_a_job_cannot_read_says_so_and_one_that_was_dropped_disturbs_nobody(teacher, tmp_path, monkeypatch):
    app, actor = teacher
    monkeypatch.setattr(parcels, "SMALL_BYTES", 10)
    package, browser = zipped(write_course(tmp_path / "c"), tmp_path / "c.zip"), Browser(app, TEACHER)
    kept, dropped = (place(send(browser, package)) for _n in range(2))
    browser.send(f"{dropped}/drop", 303)
    jobs.run_waiting(app)
    with app.test_request_context(), writing():
        for at in (kept, dropped):
            tasks.give_up_parcel({"person_id": actor.id, "ticket": at.rsplit("/", 1)[-1]}, "died")
    assert "没有做成，请再试一次" in words(browser.get(kept)) and browser.get(dropped, 404)


def test_a_course_goes_out_and_comes_back_to_another_teacher_the_same(teacher, tmp_path):
    app, actor = teacher
    browser, other = Browser(app, TEACHER), Browser(app, OTHER)
    browser.send(place(send(browser, zipped(write_with_files(tmp_path / "c"), tmp_path / "c.zip"))), 303)
    told = words(browser.get("/teach/safe-work/take-along"))
    assert re.search(r"题\s*1\s*1\s*0", told) and re.search(r"文件\s*2\s*2\s*0", told) and "老师、合写的人" in told
    out = place(browser.send("/teach/safe-work/take-along", 303, what="draft"))
    (tmp_path / "out.zip").write_bytes(browser.get(f"{out}/package.zip").data)
    assert "一样不少" in words(browser.get(out))
    other.send(place(send(other, tmp_path / "out.zip")), 303)
    with app.test_request_context():
        mine, theirs = (courses.list_lessons(c.id) for c in session.query(Course).order_by(Course.id))
        assert [(x.slug, x.title, x.body, x.kind, x.section) for x in mine] == [(x.slug, x.title, x.body, x.kind, x.section) for x in theirs]


def test_films_stay_behind_by_choice_and_the_draft_that_has_them_keeps_them(teacher, tmp_path):
    app, actor = teacher
    with app.test_request_context(), writing():
        course = courses.create_course(actor, title="拍的课", kind="skills-upgrading", slug="filmed")
        lesson = courses.add_lesson(actor, course, title="看", kind="video")
        film = make_film()
        courses.attach_video(actor, course, lesson.id, film)
        media.original_path(film).parent.mkdir(parents=True)
        media.original_path(film).write_bytes(b"a film")
        film_id = film.id
    browser = Browser(app, TEACHER)
    assert "带上 1 个视频" in words(browser.get("/teach/filmed/take-along"))
    out = place(browser.send("/teach/filmed/take-along", 303, what="draft"))
    assert "按你的选择没有带出视频" in words(browser.get(out))
    (tmp_path / "out.zip").write_bytes(browser.get(f"{out}/package.zip").data)
    assert "已经是这样" in words(browser.get(place(send(browser, tmp_path / "out.zip"))))
    with_films = place(browser.send("/teach/filmed/take-along", 303, what="draft", films="yes"))
    packed = zipfile.ZipFile(io.BytesIO(browser.get(f"{with_films}/package.zip").data))
    assert packed.read("filmed/videos/lesson-1.mp4") == b"a film"
    with app.test_request_context():
        assert session.query(Lesson).one().asset_id == film_id


def test_a_lost_film_is_told_before_anything_is_written(teacher):
    app, actor = teacher
    with app.test_request_context(), writing():
        course = courses.create_course(actor, title="拍的课", kind="skills-upgrading", slug="filmed")
        courses.attach_video(actor, course, courses.add_lesson(actor, course, title="看", kind="video").id, make_film())
    browser = Browser(app, TEACHER)
    assert "视频原件不见了" in words(browser.get("/teach/filmed/take-along"))
    assert "视频原件不见了" in words(browser.send("/teach/filmed/take-along", 422, what="draft", films="yes"))
    assert browser.send("/teach/filmed/take-along", 303, what="draft")


def test_packages_go_after_a_day_and_nobody_keeps_many(teacher, tmp_path, site):
    app, actor = teacher
    package, browser = zipped(write_course(tmp_path / "c"), tmp_path / "c.zip"), Browser(app, TEACHER)
    at = [place(send(browser, package)) for _n in range(parcels.MOST_PARCELS + 1)]
    assert browser.get(at[0], 404) and browser.get(at[-1]).status_code == 200
    for folder in (site / "parcels").iterdir():
        past = (clock.now() - timedelta(days=1, minutes=1)).timestamp()
        os.utime(folder, (past, past))
    with app.test_request_context(), writing():
        parcels.sweep()
    assert not list((site / "parcels").iterdir()) and browser.get(at[-1], 404)


def test_the_packages_of_somebody_who_goes_go_at_once_and_nobody_elses(teacher, tmp_path, site):
    app, actor = teacher
    package = zipped(write_course(tmp_path / "c"), tmp_path / "c.zip")
    mine, others = (place(send(Browser(app, phone), package)) for phone in (TEACHER, OTHER))
    with app.test_request_context(), writing():
        keeping.erase(SYSTEM, actor.id)
    assert [p.name.partition("-")[2] for p in (site / "parcels").iterdir()] == [others.rsplit("/", 1)[-1]] and mine


def test_a_full_disk_is_said_before_a_package_is_begun(teacher, tmp_path, monkeypatch, site):
    app, actor = teacher
    package, browser = zipped(write_course(tmp_path / "c"), tmp_path / "c.zip"), Browser(app, TEACHER)
    with app.test_request_context(), writing():
        courses.create_course(actor, title="我的课", kind="skills-upgrading", slug="mine")
    monkeypatch.setattr(parcels, "SPARE_BYTES", 2**62)
    assert "磁盘快满了" in words(send(browser, package, status=507))
    assert "磁盘快满了" in words(browser.send("/teach/mine/take-along", 507, what="draft"))
    assert not list((site / "parcels").iterdir())


def test_who_does_not_teach_or_does_not_write_the_course_gets_nothing(teacher, site):
    app, actor = teacher
    with app.test_request_context(), writing():
        courses.create_course(actor, title="我的课", kind="skills-upgrading", slug="mine")
    learner, other = Browser(app, LEARNER), Browser(app, OTHER)
    assert learner.get("/teach/bring", 403) and learner.get("/teach/mine/take-along", 403)
    assert other.get("/teach/mine/take-along", 404)
    other.send("/teach/mine/take-along", 404, what="draft")
    assert not (site / "parcels").exists()


def test_no_course_is_called_like_a_page(bare_app, teacher, tmp_path):
    app, actor = teacher
    taken = {r.rule.split("/")[2] for r in app.url_map.iter_rules() for top in ("/teach/", "/courses/")
             if r.rule.startswith(top) and "<" not in r.rule.split("/")[2] and r.rule.split("/")[2]}
    assert taken <= drafting.RESERVED
    package = zipped(write_course(tmp_path / "c", FACTS.replace("safe-work", "new")), tmp_path / "c.zip")
    browser = Browser(app, TEACHER)
    browser.send(place(send(browser, package)), 303)
    with app.test_request_context():
        assert session.query(Course).one().slug.startswith("c-")


def test_pictures_changed_in_a_package_are_seen_as_a_change(teacher, tmp_path):
    app, _actor = teacher
    folder, browser = write_with_files(tmp_path / "c"), Browser(app, TEACHER)
    browser.send(place(send(browser, zipped(folder, tmp_path / "a.zip"))), 303)
    (folder / "files" / "图.png").write_bytes(png("blue"))
    assert re.search(r"先停机\s*改动", words(browser.get(place(send(browser, zipped(folder, tmp_path / "b.zip"))))))
    assert GIFT and TEXT
