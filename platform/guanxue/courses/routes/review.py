"""A reviewer's pages: whose turn it is, a candidate to read with remarks at their places, what changed, the verdict."""

from __future__ import annotations

import re

from flask import Response, redirect, request, url_for

from guanxue import accounts, courses, media, policies, quizzes, standards
from guanxue.core import clock
from guanxue.core.errors import Invalid, NotFound, Problem
from guanxue.core.i18n import gettext
from guanxue.core.i18n import lazy as _
from guanxue.core.markup import inline_html, markdown_html
from guanxue.core.plain import invalid_field
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.courses.routes import blueprint

FACTS = {"title": _("课程名称"), "title_en": _("英文名称"), "kind": _("类别"), "level": _("等级"), "industry": _("行业"),
         "occupation": _("工种"), "summary": _("一句话介绍"), "language": _("语言"), "pass_mark": _("及格线"),
         "towns": _("镇街"), "section": _("分节"), "slug": _("网址里的名字"), "settings": _("抽题设置"), "subtitles": _("字幕"),
         "is_subsidised": _("申请政府补贴的课程"), "policy": _("学时怎么算")}
SHOWN_FACTS = ("title", "summary", "kind", "level", "industry", "towns", "pass_mark",
               "is_subsidised", "policy")
_MOMENT = re.compile(r"(?:(\d{1,2})[:：])?(\d{1,4})[:：](\d{1,2})|(\d{1,5})")


@blueprint.get("/oversight/reviews")
def reviews() -> Response:
    """Courses that wait for a reviewer, longest waiting first, with whose turn it is."""
    actor = current_actor()
    actor.require("review")
    waiting = [(c, courses.reading_of(c)) for c in courses.list_submitted()]
    names = accounts.names_of(c.owner_id for c, _reading in waiting if c.owner_id)
    now = clock.now()
    rows = [{"slug": c.slug, "title": r.candidate.document["course"]["title"], "by": names.get(c.owner_id, ""),
             "since": r.candidate.submitted_at, "days": (now - r.candidate.submitted_at).days, "number": r.candidate.number,
             "place": r.place, "readers": r.checklist.readers, "why_not": str(courses.why_not_reader(actor, c, r) or ""),
             "unsettled": courses.count_unsettled(c.id)} for c, r in waiting]
    return personal(page("courses/reviews.html", waiting=sorted(rows, key=lambda r: r["since"])))


@blueprint.get("/oversight/reviews/<slug>")
def review(slug: str) -> Response:
    """Everything in it as it was handed in: videos, texts, questions with their keys."""
    current_actor().require("review")
    return _review_page(courses.get_course(slug, current_actor()))


def _review_page(course: courses.Course, problem: Problem | None = None) -> Response:
    actor, reading = current_actor(), courses.reading_of(course)
    content = reading.candidate.document
    remarks = [courses.shown_remark(x) for x in courses.list_remarks(course, content)]
    why_not = courses.why_not_reader(actor, course, reading)
    return personal(page(
        "courses/review.html", problem.status if problem else 200,
        course={"slug": course.slug, "title": content["course"]["title"], "state": course.state,
                "is_published": course.revision_id is not None},
        candidate=_candidate(reading), facts=_facts(content["course"], remarks),
        lessons=[_lesson(x, content["assets"].get(x["slug"]), remarks) for x in content["lessons"]],
        lesson_titles=_titles(content), unsettled=[r for r in remarks if r["state"] != "settled"],
        points=_points(reading), verdicts=verdicts_shown(reading), talk=talk_of(course), rights=rights_shown(course),
        stops=[str(x) for x in filter(None, [courses.why_closed(course)])],
        message=str(problem.message) if problem else "",
        faults=[str(f["message"]) for f in problem.fields] if problem else [],
        values={"remarks": request.form.get("remarks", ""), "all": bool(request.form.get("all"))},
        may_decide=why_not is None, why_not=str(why_not or "")))


def _candidate(reading: courses.Reading) -> dict:
    c = reading.candidate
    return {"number": c.number, "at": c.submitted_at, "note": c.note, "digest": c.digest[:12], "place": reading.place,
            "readers": reading.checklist.readers, "list": reading.checklist.number}


def talk_of(course: courses.Course) -> list[dict]:
    """The steps of the review so far, as templates show them."""
    return [{"step": r.step, "remarks": r.remarks, "by": r.by_name, "at": r.at} for r in courses.list_review_lines(course.id)]


def verdicts_shown(reading: courses.Reading) -> list[dict]:
    """What readers said of this candidate, with the points they did not pass."""
    titles = {p["key"]: p["title"] for p in reading.checklist.points}
    return [{"place": v.place, "outcome": v.outcome, "by": v.by_name, "at": v.at, "remarks": v.remarks,
             "points": [{"title": titles.get(p["key"], p["key"]), "is_passed": p["is_passed"], "remark": p["remark"]}
                        for p in v.points]} for v in reading.verdicts]


def rights_shown(course: courses.Course) -> dict:
    """What is declared about the course and about single films, as plain values."""
    standing = courses.rights_of(course)
    titles = {x.slug: x.title for x in courses.list_lessons(course.id)}
    said = [(("", standing.course)), *standing.films.items()]
    return {"words": [{"title": titles.get(slug, ""), "basis": w.basis, "licensor": w.licensor, "until": w.until_on,
                       "licence": w.licence, "people": w.people, "by": w.by_name, "at": w.at} for slug, w in said if w],
            "missing": [x.title for x in standing.missing], "warning": courses.warning(course)}


def _points(reading: courses.Reading) -> list[dict]:
    form = request.form
    return [{**p, "choice": form.get(f"point-{p['key']}", ""), "said": form.get(f"why-{p['key']}", "")}
            for p in reading.checklist.points]


def _at(remarks: list[dict], lesson: str, kind: str, place: str = "") -> list[dict]:
    return [r for r in remarks if (r["lesson"], r["kind"]) == (lesson, kind) and place in ("", r["place"])]


def _facts(facts: dict, remarks: list[dict]) -> list[dict]:
    return [{"name": n, "label": FACTS[n], "value": fact_words(n, facts[n]), "remarks": _at(remarks, "", "fact", n)}
            for n in SHOWN_FACTS if facts.get(n) not in (None, "", []) or _at(remarks, "", "fact", n)]


def fact_words(name: str, value: object) -> str:
    """A fact's value as people know it: names of kinds, levels, industries and towns."""
    if value in (None, "", []):
        return ""
    if name == "is_subsidised":
        return str(_("是"))
    if name == "policy":
        return next((gettext(p.title) for p in policies.list_current() if p.code == value), str(value))
    if name == "kind":
        return str(courses.KINDS.get(str(value), value))
    if name == "level":
        return str(standards.LEVELS.get(int(str(value)), value))
    if name == "industry":
        return next((i.name for i in standards.list_industries() if i.slug == value), str(value))
    if name == "towns":
        names = {t.slug: t.name for t in accounts.list_towns()}
        return "、".join(names.get(t, t) for t in (value if isinstance(value, list) else str(value).split("、")))
    return str(value)


def _lesson(lesson: dict, asset_id: int | None, remarks: list[dict]) -> dict:
    asset = media.get_asset(asset_id) if asset_id else None
    slug = lesson["slug"]
    told = {"slug": slug, "title": lesson["title"], "kind": lesson["kind"], "section": lesson["section"], "paragraphs": [],
            "questions": [], "play": media.playable(asset) if asset and asset.state == "ready" else None,
            "asset_state": asset.state if asset else "", "failure": asset.failure if asset else "",
            "remarks": _at(remarks, slug, "lesson"), "seconds": _at(remarks, slug, "second")}
    if told["play"] and lesson.get("subtitles"):  # those that were handed in; else what the voice says
        told["play"]["subtitles"] = [media.track_of(media.find_subtitles(lesson["subtitles"]))]
    if lesson["kind"] == "quiz":
        told["questions"] = [_question(q) | {"remarks": _at(remarks, slug, "question", q.id)}
                             for q in quizzes.read_gift(lesson["body"]).questions]
    else:
        told["paragraphs"] = [{"number": n, "html": markdown_html(text), "remarks": _at(remarks, slug, "paragraph", str(n))}
                              for n, text in enumerate(courses.paragraphs_of(lesson["body"]), 1)]
    there = {*(q["id"] for q in told["questions"]), *(str(p["number"]) for p in told["paragraphs"])}
    told["strays"] = [r for kind in ("paragraph", "question") for r in _at(remarks, slug, kind) if r["place"] not in there]
    return told


def _question(q: quizzes.Question) -> dict:
    return {"id": q.id, "kind": q.kind, "stem_html": inline_html(q.stem), "tail_html": inline_html(q.tail), "truth": q.truth,
            "pool": q.pool, "explanation_html": inline_html(q.explanation),
            "options": [{"text_html": inline_html(o.text), "is_right": o.permille > 0, "match": o.match} for o in q.options]}


def _titles(content: dict) -> dict[str, str]:
    """Titles of lessons by slug, for lists of remarks."""
    return {x["slug"]: x["title"] for x in content["lessons"]}


# ---- remarks


@blueprint.post("/oversight/reviews/<slug>/remarks")
def remark(slug: str) -> Response:
    """A remark at a place."""
    actor, form = current_actor(), request.form
    actor.require("review")
    course = courses.get_course(slug, actor)
    kind, place = form.get("kind", ""), form.get("place", "")
    try:
        made = courses.add_remark(actor, course, lesson_slug=form.get("lesson", ""), kind=kind, text=form.get("text", ""),
                                  place=_second(place) if kind == "second" else place)
    except Invalid as problem:
        return _review_page(course, problem)
    return redirect(url_for(".review", slug=slug) + f"#remark-{made.id}", 303)


def _second(text: str) -> str:
    """"95" of "1:35" or "95"; anything else as it is, to be refused."""
    found = _MOMENT.fullmatch(text.strip())
    if not found:
        return text
    return str(int(found[4]) if found[4] else int(found[1] or 0) * 3600 + int(found[2]) * 60 + int(found[3]))


@blueprint.post("/oversight/reviews/<slug>/remarks/<int:remark_id>")
def decide_remark(slug: str, remark_id: int) -> Response:
    """A reader settles a remark or opens it again."""
    actor = current_actor()
    actor.require("review")
    course = courses.get_course(slug, actor)
    courses.decide_remark(actor, course, remark_id, text=request.form.get("text", ""),
                          is_settled=request.form.get("step") == "settled")
    return redirect(url_for(".review", slug=slug) + f"#remark-{remark_id}", 303)


# ---- what changed


@blueprint.get("/oversight/reviews/<slug>/changes")
def changes(slug: str) -> Response:
    """What differs between two versions, for readers: by default what is published, or was handed in before, and this."""
    current_actor().require("review")
    return changes_page(courses.get_course(slug, current_actor()), url_for(".review", slug=slug), _("课程审核"), ".changes")


def changes_page(course: courses.Course, back: str, back_words: object, endpoint: str) -> Response:
    """The difference between ?from= and ?to= (r3 a revision, c2 a candidate, draft)."""
    names = courses.list_versions(course)
    if len(names) < 2:
        raise NotFound(_("这门课只有一个版本，没有可比的。"))
    older, newer = courses.usual_versions(course)
    older = request.args.get("from", older)
    newer = request.args.get("to", newer)
    if older not in names or newer not in names:
        raise NotFound(_("没有这个版本的课程。"))
    found = courses.compare(courses.content_at(course, older), courses.content_at(course, newer))
    return personal(page("courses/changes.html", course={"slug": course.slug, "title": course.title}, back=back,
                         back_words=str(back_words), own_url=url_for(endpoint, slug=course.slug),
                         versions=[{"name": k, "kind": k[0], "number": k[1:], "at": at} for k, at in names.items()],
                         older=older, newer=newer, found=found, facts=FACTS, fact_words=fact_words))


# ---- the verdict


@blueprint.post("/oversight/reviews/<slug>")
def decide(slug: str) -> Response:
    """Pass it (the last reader publishes it), or return it with remarks."""
    actor, form = current_actor(), request.form
    actor.require("review")
    course = courses.get_course(slug, actor)
    number = form.get("candidate", "")
    told = {"candidate": int(number) if number.isdecimal() and len(number) < 10 else None}
    try:
        points = _judged(courses.reading_of(course))
        if form.get("decision") == "approve":
            courses.approve_course(actor, course, points=points, remarks=form.get("remarks", ""), **told)
        elif form.get("decision") != "return":
            raise invalid_field("decision", _("请选通过还是退回。"))
        else:
            courses.return_course(actor, course, form.get("remarks", ""), points=points, **told)
    except Invalid as problem:
        return _review_page(course, problem)
    return redirect(url_for(".reviews"), 303)


def _judged(reading: courses.Reading) -> dict[str, courses.Judged]:
    """What the form says about each point: its own choice, else "all passed" where that is ticked."""
    form, judged = request.form, {}
    for point in reading.checklist.points:
        choice = form.get(f"point-{point['key']}", "") or ("yes" if form.get("all") else "")
        if choice in ("yes", "no"):
            judged[point["key"]] = courses.Judged(choice == "yes", form.get(f"why-{point['key']}", ""))
    return judged
