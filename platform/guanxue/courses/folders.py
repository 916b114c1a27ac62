"""Course folders: reading them with every fault named, writing them back. The form is described in docs/formats.md."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from guanxue import media, quizzes, standards
from guanxue.core.i18n import lazy as _
from guanxue.courses import rules

LARGEST_TEXT_BYTES = 1_000_000
LARGEST_FACTS_BYTES = 200_000
QUIZ_TITLE = "课程考核"  # data of the course, in its own language


@dataclass(frozen=True)
class FolderLesson:
    """A lesson of a folder. `video` is a file that exists; without one the machine narrates the body."""

    slug: str
    title: str
    kind: str
    body: str
    section: str = ""
    video: Path | None = None
    video_name: str = ""  # as its teacher called the file
    video_digest: str = ""  # of the kept file
    cues: tuple[media.Cue, ...] = ()  # its own subtitles
    draw: dict[str, int] = field(default_factory=dict)  # of a quiz: how many questions an attempt gets of which pool

    @property
    def video_suffix(self) -> str:
        """The end of the video's name, ".mp4" where it has none that is plain."""
        suffix = Path(self.video_name or self.video.name).suffix.lower()
        return suffix if re.fullmatch(r"\.[a-z0-9]{1,5}", suffix) else ".mp4"


@dataclass
class CourseFolder:
    """What a folder holds; `faults` are dicts {"field": file, "message"}; empty when it can be brought in."""

    slug: str = ""
    title: str = ""
    title_en: str = ""
    kind: str = ""
    level: int | None = None
    occupation: str = ""
    industry: str = ""
    towns: list[str] = field(default_factory=list)
    language: str = "zh-CN"
    delivery: str = "online"
    planned_hours_milli: int = 0
    summary: str = ""
    pass_mark: int | None = None
    is_subsidised: bool = False
    lessons: list[FolderLesson] = field(default_factory=list)
    question_count: int = 0
    files: set[Path] = field(default_factory=set)  # those course.yaml names, and itself
    faults: list[dict] = field(default_factory=list)

    def fault(self, where: str, message: object) -> None:
        """Remember one more fault."""
        self.faults.append({"field": where, "message": message})


def read_folder(path: Path) -> CourseFolder:
    """Everything in the folder, with its faults; writes nothing, never leaves the folder."""
    folder = CourseFolder()
    document = _yaml(path / "course.yaml", folder)
    if document is None:
        return folder
    _read_facts(document, folder)
    listed = document.get("lessons")
    for item in listed if isinstance(listed, list) else []:
        _read_lesson(path, item if isinstance(item, dict) else {"file": item}, folder)
    if not folder.lessons:
        folder.fault("course.yaml", _("没有列出课（lessons）。"))
    _read_quiz(path, document, folder)
    slugs = [lesson.slug for lesson in folder.lessons]
    for slug in sorted({s for s in slugs if slugs.count(s) > 1}):
        folder.fault("course.yaml", _("两节课同名：%(slug)s。", slug=slug))
    return folder


def _text(path: Path, name: str, folder: CourseFolder) -> str | None:
    target = _file(path, name, folder)
    if target is None:
        return None
    if target.stat().st_size > (LARGEST_FACTS_BYTES if name == "course.yaml" else LARGEST_TEXT_BYTES):
        folder.fault(name, _("文件太大。"))
        return None
    try:
        return target.read_text("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        folder.fault(name, _("不是 UTF-8 文本。"))
        return None


def _file(path: Path, name: str, folder: CourseFolder) -> Path | None:
    """The file of that name where it lies in the folder, links followed."""
    try:
        target = (path / name).resolve()
        if target.is_relative_to(path.resolve()) and target.is_file():
            folder.files.add(target)
            return target
    except (OSError, ValueError):  # a name that no disk takes
        pass
    folder.fault(name[:80], _("没有这个文件。"))
    return None


class _Plain(yaml.SafeLoader):
    """YAML without aliases: a few lines of them could stand for gigabytes."""

    def compose_node(self, parent, index):
        """A node, never one by reference."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem_mark=self.peek_event().start_mark)
        return super().compose_node(parent, index)


def _yaml(path: Path, folder: CourseFolder) -> dict | None:
    text = _text(path.parent, path.name, folder)
    if text is None:
        return None
    try:
        document = yaml.load(text, _Plain)  # noqa: S506 a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        folder.fault(path.name, _("第 %(line)s 行不是正确的 YAML。", line=mark.line + 1 if mark else 1))
        return None
    if not isinstance(document, dict):
        folder.fault(path.name, _("应为“名称: 值”的列表。"))
        return None
    return document


def _read_facts(document: dict, folder: CourseFolder) -> None:
    def word(name: str) -> str:
        return str(document.get(name) or "").strip()

    folder.slug, folder.title, folder.title_en = word("slug"), word("title"), word("title_en")
    folder.summary, folder.language = word("summary"), word("language") or "zh-CN"
    folder.occupation, folder.industry, folder.delivery = word("occupation"), word("industry"), word("delivery") or "online"
    if not rules.is_slug(folder.slug):
        folder.fault("course.yaml", _("slug 应为小写字母、数字和连字符。"))
    if not folder.title:
        folder.fault("course.yaml", _("缺少 title。"))
    folder.kind = rules.KIND_OF_TABLE.get(word("kind"), word("kind"))
    if folder.kind not in rules.KINDS:
        folder.fault("course.yaml", _("kind 应为四类课程之一。"))
    try:
        folder.level = standards.level_number(word("level"))
    except ValueError:
        folder.fault("course.yaml", _("level 写法有误，例如：四级/中级工。"))
    folder.is_subsidised = document.get("subsidised") is True
    towns = document.get("towns") or []
    folder.towns = [str(t) for t in towns] if isinstance(towns, list) else []
    folder.planned_hours_milli = _number(document, "planned_hours", 0, 10_000, folder) * 1000
    if document.get("pass_mark") is not None:
        folder.pass_mark = _number(document, "pass_mark", 0, 100, folder)


def _number(document: dict, name: str, low: int, high: int, folder: CourseFolder) -> int:
    value = document.get(name) or 0
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        folder.fault("course.yaml", _("%(name)s 应为 %(low)s 到 %(high)s 的整数。", name=name, low=low, high=high))
        return 0
    return value


def _read_lesson(path: Path, item: dict, folder: CourseFolder) -> None:
    name = str(item.get("file") or "")
    text = _text(path, name, folder)
    if text is None:
        return
    slug = Path(name).stem
    if not rules.is_slug(slug):
        folder.fault(name, _("文件名应为小写字母、数字和连字符。"))
        return
    title = re.match(r"#\s+(.+)", text.strip())
    if title is None:
        folder.fault(name, _("第一行应为“# 标题”。"))
        return
    kind = str(item.get("kind") or "video")
    if kind not in ("video", "text"):
        folder.fault(name, _("kind 应为 video 或 text。"))
        return
    video = None
    if item.get("video"):
        video = _video(path, str(item["video"]), folder)
        if video is None:
            return
    body = text.strip()[title.end():].strip()
    if video is None and not rules.slides_of(body):
        folder.fault(name, _("没有正文。"))
        return
    cues = _cues(path, str(item["subtitles"]), folder) if item.get("subtitles") and kind == "video" else ()
    folder.lessons.append(FolderLesson(slug, title[1].strip(), kind, body, str(item.get("section") or ""), video, cues=cues))


def _cues(path: Path, name: str, folder: CourseFolder) -> tuple[media.Cue, ...]:
    """The cues of a subtitle file; every piece that is none is a fault, since half of them in silence would be worse."""
    target = _file(path, name, folder)
    if target is None:
        return ()
    if target.stat().st_size > media.MOST_SUBTITLE_BYTES:
        folder.fault(name, _("文件太大。"))
        return ()
    report = media.read_subtitles(target.read_bytes())
    if report.fault is not None:
        folder.fault(name, report.fault)
    for line, why in report.left_out:
        folder.fault(name, _("第 %(n)s 行：%(why)s", n=line, why=why))
    return tuple(report.cues)


def _video(path: Path, name: str, folder: CourseFolder) -> Path | None:
    video = _file(path, name, folder)
    if video is None:
        return None
    found = media.examine(video)
    if found.fault is not None:
        folder.fault(name, found.fault)
        return None
    return video


def _read_quiz(path: Path, document: dict, folder: CourseFolder) -> None:
    name = str(document.get("quiz") or "")
    if not name:
        folder.fault("course.yaml", _("没有考核题（quiz）。"))
        return
    text = _text(path, name, folder)
    if text is None:
        return
    report = quizzes.read_gift(text)
    for left in report.left_out:
        folder.fault(name, _("第 %(line)s 行的题读不出来：%(why)s", line=left.line, why=left.reason))
    if not report.questions:
        folder.fault(name, _("一道题也没有。"))
        return
    folder.question_count = len(report.questions)
    title = str(document.get("quiz_title") or QUIZ_TITLE).strip()
    folder.lessons.append(FolderLesson("quiz", title, "quiz", text.strip(), draw=_draw(document, report.questions, folder)))


def _draw(document: dict, questions: list[quizzes.Question], folder: CourseFolder) -> dict[str, int]:
    draw = document.get("quiz_draw") or {}
    if not isinstance(draw, dict) or not all(isinstance(pool, str) for pool in draw):
        folder.fault("course.yaml", _("quiz_draw 应为“题库: 抽几道”。"))
        return {}
    if (fault := quizzes.draw_fault(questions, draw)) is not None:
        folder.fault("course.yaml", _("题库“%(pool)s”只有 %(n)s 道题，抽不出那么多。", pool=fault[0], n=fault[1]))
        return {}
    return draw


def write_folder(path: Path, facts: dict, lessons: list[FolderLesson]) -> None:
    """Write a course folder that read_folder() reads back the same. `path` must not exist or be empty.

    A lesson's `video` is copied to videos/, under the lesson's slug.
    """
    (path / "lessons").mkdir(parents=True, exist_ok=True)
    listed, quiz_title, draw = [], "", {}
    for lesson in lessons:
        if lesson.kind == "quiz":
            quiz_title, draw = lesson.title if lesson.title != QUIZ_TITLE else "", lesson.draw
            (path / "quiz.gift").write_text(lesson.body + "\n", "utf-8")
            continue
        name = f"lessons/{lesson.slug}.md"
        (path / name).write_text(f"# {lesson.title}\n\n{lesson.body}\n", "utf-8")
        item = {"file": name, "kind": lesson.kind} if lesson.kind != "video" else {"file": name}
        if lesson.section:
            item["section"] = lesson.section
        if lesson.video is not None:
            item["video"] = f"videos/{lesson.slug}{lesson.video_suffix}"
            (path / "videos").mkdir(exist_ok=True)
            shutil.copyfile(lesson.video, path / item["video"])
        if lesson.cues:
            item["subtitles"] = f"subtitles/{lesson.slug}.vtt"
            (path / "subtitles").mkdir(exist_ok=True)
            (path / item["subtitles"]).write_text(media.as_vtt(lesson.cues), "utf-8")
        listed.append(item if len(item) > 1 else name)
    document = {**{k: v for k, v in facts.items() if v not in ("", None, [])}, "lessons": listed, "quiz": "quiz.gift",
                **({"quiz_title": quiz_title} if quiz_title else {}), **({"quiz_draw": draw} if draw else {})}
    (path / "course.yaml").write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=1000), "utf-8")
