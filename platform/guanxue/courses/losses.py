"""What became of a course folder on its way in or out: everything counted was carried, or is named with a reason.

Each total is counted apart from what carries: on the way in by the folder's files and course.yaml's lists, on the way out by
the site's rows; what was carried, by what was really read, or read back from what was written.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from guanxue.core.i18n import lazy as _

LESSONS, FILMS, QUESTIONS, CUES, FILES, LINKS, FACTS = KINDS = (
    "lessons", "films", "questions", "cues", "files", "links", "facts")
NAMES = {
    LESSONS: _("课"), FILMS: _("上传的视频"), QUESTIONS: _("题"), CUES: _("字幕条"), FILES: _("文件"),
    LINKS: _("正文里的文件链接"), FACTS: _("课程信息"),
}


@dataclass(frozen=True)
class LeftOut:
    """Something that was counted and did not come along: its kind, where it stands, why; `count` of them."""

    kind: str
    where: str
    reason: object
    count: int = 1


@dataclass
class LossReport:
    """By kind of KINDS: carried + left out = total. `noted` are (where, what) that came along, but not as it was.

    facts: what course.yaml says; files: in the folder (in), beside texts (out); links: of texts to files (in).
    """

    totals: dict[str, int] = field(default_factory=dict)
    carried: dict[str, int] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    noted: list[tuple[str, object]] = field(default_factory=list)

    def count(self, kind: str, total: int, carried: int) -> None:
        """So many there are, so many come along."""
        self.totals[kind], self.carried[kind] = total, carried

    def more(self, kind: str, total: int, carried: int) -> None:
        """The same, beside what was counted of that kind before."""
        self.count(kind, self.totals.get(kind, 0) + total, self.carried.get(kind, 0) + carried)

    def leave(self, kind: str, where: str, reason: object, count: int = 1) -> None:
        """Name what does not come along."""
        self.left_out.append(LeftOut(kind, where, reason, count))

    def lost(self, kind: str) -> int:
        """How many of a kind are named as left out."""
        return sum(x.count for x in self.left_out if x.kind == kind)

    @property
    def is_balanced(self) -> bool:
        """Is everything that was counted accounted for?"""
        return all(self.carried[kind] + self.lost(kind) == total for kind, total in self.totals.items())

    def to_document(self) -> dict:
        """As plain JSON, words in the present language."""
        return {
            "counts": {kind: {"total": self.totals[kind], "carried": self.carried[kind], "left_out": self.lost(kind)}
                       for kind in KINDS if kind in self.totals},
            "left_out": [{"kind": x.kind, "where": x.where, "reason": str(x.reason), "count": x.count} for x in self.left_out],
            "noted": [{"where": where, "what": str(what)} for where, what in self.noted],
        }


# ---- what a folder never carries, and why

PEOPLE = _("老师、合写的人、所属单位：由带入的人负责，不带出别人的账号。")
RIGHTS = _("素材权利的声明：是声明人自己的话，带入的人要重新声明。")
REVIEW = _("审核意见和记录、下架和投诉的处理：是工作记录，留在原来的平台。")
LEARNERS = _("学员的报名、学习记录、成绩、笔记、提问、想学：是学员个人的，不带出。")
HISTORY = _("以前的版本、版本号、发布时间和当时的政策：带入的是内容，重新发布时另外编号。")
MADE = _("转换好的视频、合成语音、时长：带入后重新制作、重新测量。")
FILM_NAMES = _("视频文件在老师电脑上的原名：文件夹里按课的名字命名。")
SITE = _("平台自己的编号和状态（是否在筹备中、草稿还是已发布）：由带入的平台决定。")

# Column of a course's or a lesson's table → what carries it (a str: a field of course.yaml, a lesson's item, a file), or why
# it stays behind. A column that is in neither fails a test.
CARRIED = {
    "courses_course": {
        "slug": "slug", "title": "title", "title_en": "title_en", "kind": "kind", "level": "level", "industry": "industry",
        "occupation": "occupation", "category_path": "category", "delivery": "delivery", "language": "language",
        "summary": "summary", "planned_hours_milli": "planned_hours", "syllabus": "syllabus", "pass_mark": "pass_mark",
        "is_subsidised": "subsidised", "policy_code": "policy", "sections": "sections",
        "facts_lesson": "facts", "expert_review": "expert_review"},
    "courses_course_town": {"course_id": "towns", "town_id": "towns"},
    "courses_lesson": {
        "slug": "file", "section": "section", "title": "file", "kind": "kind", "position": "lessons", "body": "file",
        "is_narrated": "video", "settings": "quiz_draw", "asset_id": "video", "subtitles_id": "subtitles"},
    "courses_revision": {"document": "course.yaml", "pass_mark": "pass_mark"},
    "courses_revision_lesson": {
        "slug": "file", "section": "section", "title": "file", "kind": "kind", "position": "lessons", "body": "file",
        "settings": "quiz_draw", "asset_id": "video", "subtitles_id": "subtitles", "paper_id": "quiz"},
}
LEFT_BEHIND = {
    "courses_course": {
        "id": SITE, "is_planned": SITE, "state": SITE, "owner_id": PEOPLE, "institution_id": PEOPLE, "revision_id": HISTORY,
        "created_at": HISTORY, "updated_at": HISTORY},
    "courses_lesson": {
        "id": SITE, "course_id": SITE, "version": HISTORY, "form_key": SITE, "saved_by": PEOPLE, "saved_at": HISTORY,
        "next_asset_id": MADE, "other_film_id": HISTORY},  # the film that stands in the lesson goes along
    "courses_revision": {
        "id": SITE, "course_id": SITE, "number": HISTORY, "digest": HISTORY, "policy_id": HISTORY, "published_at": HISTORY,
        "published_by": PEOPLE},
    "courses_revision_lesson": {"id": SITE, "revision_id": SITE, "duration_ms": MADE},
}
# Settings of a lesson that a folder carries; of others each is named when it is met.
CARRIED_SETTINGS = {"draw": "quiz_draw"}
# Whole tables of this room that stay where they are.
LEFT_TABLES = {
    "courses_removed": HISTORY, "courses_editor": PEOPLE,
    "courses_author": PEOPLE, "courses_wish": LEARNERS, "courses_review_line": REVIEW, "courses_checklist": REVIEW,
    "courses_candidate": REVIEW, "courses_verdict": REVIEW, "courses_remark": REVIEW, "courses_remark_line": REVIEW,
    "courses_rights": RIGHTS, "courses_stop": REVIEW, "courses_complaint": REVIEW, "courses_complaint_line": REVIEW,
}
STAYS = (PEOPLE, RIGHTS, REVIEW, LEARNERS, HISTORY, MADE, FILM_NAMES, SITE)
