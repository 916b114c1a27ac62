"""Course folders: reading them, with every fault and everything that is not taken named. docs/formats.md describes the form."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from guanxue import media, quizzes, standards
from guanxue.core.errors import Problem
from guanxue.core.i18n import lazy as _
from guanxue.courses import losses, rules, slidetext
from guanxue.courses.enclosing import place_in, put_targets, targets_in

LARGEST_TEXT_BYTES = 1_000_000
LARGEST_FACTS_BYTES = 200_000
LONGEST_TITLE, LONGEST_SECTION, LONGEST_SUMMARY, LONGEST_WORD = 80, 40, 500, 200
ANY_PICTURE = "/media/files/aaaaaaaaaaaaaaaaaaaaaaaa-1x1-1/x.png"
QUIZ_TITLE = "课程考核"  # data of the course, in its own language
DRAWINGS = "drawings"
_PART = re.compile(r"^```part +([a-z0-9-]{1,80})[ \t]*\n", re.M)
_UNKEPT = re.compile(r"[\0\ud800-\udfff]")
LINK, UNNAMED = _("是链接，没有带入。"), _("course.yaml 和正文都没有提到这个文件。")
FACTS = frozenset((
    "slug", "title", "title_en", "kind", "level", "occupation", "industry", "category", "towns", "language", "delivery",
    "planned_hours", "summary", "syllabus", "pass_mark", "subsidised", "policy", "sections", "lessons", "quiz", "quiz_title",
    "quiz_draw", "facts", "expert_review"))
OF_FEW_WORDS = ("occupation", "industry", "category", "language", "delivery")
OF_LESSON = frozenset(("file", "kind", "section", "video", "video_left_out", "subtitles", "subtitles_checked"))


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
    is_film_left: bool = False  # it has a film of its own, which did not come along
    is_checked: bool = True  # somebody has looked through the subtitles
    links: dict[str, Path] = field(default_factory=dict)  # targets in its text → files that exist
    draw: quizzes.Draw = field(default_factory=dict)  # of a quiz: how many questions an attempt gets of which pool

    @property
    def video_suffix(self) -> str:
        """The end of the video's name, ".mp4" where it has none that is plain."""
        suffix = Path(self.video_name or self.video.name).suffix.lower()
        return suffix if re.fullmatch(r"\.[a-z0-9]{1,5}", suffix) else ".mp4"


@dataclass
class CourseFolder:
    """What a folder holds. `faults` are dicts {"field": file, "message"}: with one of them it is not brought in. `unready` are
    the same: with one of them it can be somebody's draft, but not be published. `report` says what is not taken.
    """

    slug: str = ""
    title: str = ""
    title_en: str = ""
    kind: str = ""
    level: int | None = None
    occupation: str = ""
    industry: str = ""
    category: str | None = None  # None where the folder says nothing of it, here and below
    syllabus: list[str] | None = None
    sections: list[str] | None = None
    towns: list[str] = field(default_factory=list)
    language: str = "zh-CN"
    delivery: str = "online"
    planned_hours_milli: int = 0
    summary: str = ""
    pass_mark: int | None = None
    is_subsidised: bool = False
    facts_lesson: str = ""  # the slug of the lesson of words and sources: a course that names it is proofread
    expert_review: dict | None = None  # rules.read_expert_review()
    policy_code: str = ""
    lessons: list[FolderLesson] = field(default_factory=list)
    question_count: int = 0
    files: set[Path] = field(default_factory=set)  # those course.yaml names, and itself
    enclosed: set[Path] = field(default_factory=set)  # those texts link to
    prepared: list[media.Prepared] = field(default_factory=list)  # its linked files, once they lie among the site's
    faults: list[dict] = field(default_factory=list)
    unready: list[dict] = field(default_factory=list)
    report: losses.LossReport = field(default_factory=losses.LossReport)
    is_own: bool = False  # the site wrote it a moment ago: its films and files need no look

    def fault(self, where: str, message: object) -> None:
        """Remember one more fault."""
        self.faults.append({"field": where, "message": message})

    def lack(self, where: str, message: object) -> None:
        """Remember what a draft may lack, but nothing that is published."""
        self.unready.append({"field": where, "message": message})


def read_folder(path: Path, *, is_own: bool = False) -> CourseFolder:
    """Everything in the folder, with its faults; writes nothing, never leaves the folder."""
    folder = CourseFolder(is_own=is_own)
    document = _yaml(path / "course.yaml", folder)
    if document is None:
        return folder
    _read_facts(document, folder)
    listed = document.get("lessons")
    listed = listed if isinstance(listed, list) else []
    for item in listed:
        _read_lesson(path, item if isinstance(item, dict) else {"file": item}, folder)
    if not folder.lessons:
        folder.lack("course.yaml", _("没有列出课（lessons）。"))
    _read_quiz(path, document, folder)
    slugs = [lesson.slug for lesson in folder.lessons]
    for slug in sorted({s for s in slugs if slugs.count(s) > 1}):
        folder.fault("course.yaml", _("两节课同名：%(slug)s。", slug=slug))
    _count(path, len(listed) + bool(document.get("quiz")), folder)
    return folder


def _count(path: Path, listed: int, folder: CourseFolder) -> None:
    """Lessons by course.yaml's list, files by what lies in the folder; both apart from what was read."""
    report, root = folder.report, path.resolve()
    report.count(losses.LESSONS, listed, len(folder.lessons))
    there = {f.relative_to(path) for f in path.rglob("*") if f.is_symlink() or not f.is_dir()}
    taken = {f.relative_to(root) for f in folder.files}
    report.count(losses.FILES, len(there), len(there & taken))
    for name in sorted(there - taken):
        is_link = (path / name).is_symlink()
        report.leave(losses.FILES, str(name), LINK if is_link else UNNAMED)


def _text(path: Path, name: str, folder: CourseFolder) -> str | None:
    target = _file(path, name, folder)
    if target is None:
        return None
    if target.stat().st_size > (LARGEST_FACTS_BYTES if name == "course.yaml" else LARGEST_TEXT_BYTES):
        folder.fault(name, _("文件太大。"))
        return None
    try:
        text = target.read_text("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        folder.fault(name, _("不是 UTF-8 文本。"))
        return None
    if "\0" in text:
        folder.fault(name, _("不是文本文件。"))
        return None
    return text


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
    """YAML without aliases, a few lines of which could stand for gigabytes, and without signs that no database keeps."""

    def compose_node(self, parent, index):
        """A node, never one by reference."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem_mark=self.peek_event().start_mark)
        return super().compose_node(parent, index)

    def construct_scalar(self, node):
        """Words; an escape may stand for nothing, or for half a sign."""
        words = super().construct_scalar(node)
        if _UNKEPT.search(words):
            raise yaml.MarkedYAMLError(problem_mark=node.start_mark)
        return words


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

    def words(name: str, most: int = LONGEST_WORD) -> list[str]:
        found = document.get(name) or []
        if not isinstance(found, list) or any(isinstance(x, (dict, list)) for x in found):
            folder.fault("course.yaml", _("%(name)s 应为一个列表。", name=name))
            return []
        told = [str(x).strip() for x in found if str(x).strip()]
        if any(len(x) > most for x in told):
            folder.fault("course.yaml", _("%(name)s 太长，最多 %(n)s 个字。", name=name, n=most))
        return told

    folder.slug, folder.title, folder.title_en = word("slug"), word("title"), word("title_en")
    folder.summary, folder.language = word("summary"), word("language") or "zh-CN"
    folder.occupation, folder.industry, folder.delivery = word("occupation"), word("industry"), word("delivery") or "online"
    if not rules.is_slug(folder.slug):
        folder.fault("course.yaml", _("slug 应为小写字母、数字和连字符。"))
    if not folder.title:
        folder.fault("course.yaml", _("缺少 title。"))
    lengths = {"title": LONGEST_TITLE, "title_en": 2 * LONGEST_TITLE, "summary": LONGEST_SUMMARY, "quiz_title": LONGEST_TITLE}
    for name, most in (lengths | dict.fromkeys(OF_FEW_WORDS, LONGEST_WORD)).items():
        if len(word(name)) > most:
            folder.fault("course.yaml", _("%(name)s 太长，最多 %(n)s 个字。", name=name, n=most))
    folder.kind = rules.KIND_OF_TABLE.get(word("kind"), word("kind"))
    if folder.kind not in rules.KINDS:
        folder.fault("course.yaml", _("kind 应为四类课程之一。"))
    try:
        folder.level = standards.level_number(word("level"))
    except ValueError:
        folder.fault("course.yaml", _("level 写法有误，例如：四级/中级工。"))
    folder.is_subsidised = document.get("subsidised") is True
    folder.facts_lesson = Path(word("facts")).stem
    try:
        folder.expert_review = rules.read_expert_review(document.get("expert_review"))
    except ValueError:
        folder.fault("course.yaml", _("expert_review 应为 awaited，或写明 by、role 和 day（日期）。"))
    folder.policy_code = word("policy")
    folder.towns = words("towns")
    folder.sections = words("sections", LONGEST_SECTION) if "sections" in document else None
    folder.category = word("category") if "category" in document else None
    folder.syllabus = words("syllabus", LONGEST_SUMMARY) if "syllabus" in document else None
    unknown = sorted(str(name)[:80] for name in document if name not in FACTS)
    for name in unknown:
        folder.report.leave(losses.FACTS, f"course.yaml：{name}", _("不认识这一栏，没有带入。"))
    told = len(document) - ("towns" in document) + len(folder.towns)
    folder.report.count(losses.FACTS, told, told - len(unknown))
    folder.planned_hours_milli = _number(document, "planned_hours", 0, 10_000, folder) * 1000
    if document.get("pass_mark") is not None:
        folder.pass_mark = _number(document, "pass_mark", 1, 100, folder)  # at 0 whoever hands in nothing passes


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
    slug, title = Path(name).stem, re.match(r"#\s+(.+)", text.strip())
    kind, section = str(item.get("kind") or "video"), str(item.get("section") or "")
    why = _("文件名应为小写字母、数字和连字符。") if not rules.is_slug(slug) else None
    if why is None and title is None:
        why = _("第一行应为“# 标题”。")
    if why is None and kind not in ("video", "text"):
        why = _("kind 应为 video 或 text。")
    if why is None and (len(title[1].strip()) > LONGEST_TITLE or len(section) > LONGEST_SECTION):
        why = _("课名最多 %(n)s 个字，小节名最多 %(m)s 个字。", n=LONGEST_TITLE, m=LONGEST_SECTION)
    if why is not None:
        folder.fault(name, why)
        return
    video, cues = _shown(path, name, item, kind, folder)
    if item.get("video") and kind == "video" and video is None:
        return
    body = _with_pictures(path, name, text.strip()[title.end():].strip(), folder)
    links, is_film_left = _links(path, name, body, folder), item.get("video_left_out") is True and video is None
    spoken = put_targets(body, dict.fromkeys(links, ANY_PICTURE))
    if is_film_left and kind == "video":
        folder.lack(name, _("视频没有一起带来，要另外上传。"))
    elif video is None and not (body if kind == "text" else rules.slides_of(spoken) or slidetext.read_pages(spoken)):
        folder.lack(name, _("没有正文。"))
    folder.lessons.append(FolderLesson(slug, title[1].strip(), kind, body, section, video, cues=cues, links=links,
                                       is_film_left=is_film_left and kind == "video",
                                       is_checked=item.get("subtitles_checked") is not False))


def _with_pictures(path: Path, name: str, body: str, folder: CourseFolder) -> str:
    """The text with the drawings of parts inside it, which the folder keeps as files: drawings/NAME.svg."""
    def put(found: re.Match) -> str:
        svg = _text(path, f"{DRAWINGS}/{found[1]}.svg", folder)
        return found[0] if svg is None else "```part\n" + " ".join(svg[max(0, svg.find("<svg")):].split()) + "\n"

    body = _PART.sub(put, body)
    for headline, why in rules.drawing_faults(body):
        folder.fault(name, _("“%(headline)s”的图画不出来：%(why)s", headline=headline, why=why))
    return body


def _shown(path: Path, name: str, item: dict, kind: str, folder: CourseFolder) -> tuple[Path | None, tuple[media.Cue, ...]]:
    """A lesson's film and subtitles; of a text, and of what nobody knows, is said that it is not taken."""
    left = {str(x)[:80]: _("不认识这一栏，没有带入。") for x in item if x not in OF_LESSON}
    if kind == "text":
        left |= {x: _("图文课没有视频和字幕，没有带入。") for x in ("video", "subtitles") if item.get(x)}
    for extra, why in sorted(left.items()):
        folder.report.leave(losses.FACTS, f"{name}：{extra}", why)
    folder.report.more(losses.FACTS, len(item), len(item) - len(left))
    if kind == "text":
        return None, ()
    video = _video(path, str(item["video"]), folder) if item.get("video") else None
    return video, _cues(path, str(item["subtitles"]), folder) if item.get("subtitles") else ()


def _links(path: Path, name: str, text: str, folder: CourseFolder) -> dict[str, Path]:
    """The files that a text links to, by target. Harmful ones are faults; one that is not there is named, its link stays."""
    links: dict[str, Path] = {}
    for target in targets_in(text):
        where, place = f"{name}：{target}"[:200], place_in(path, name, target)
        if place is None:
            folder.fault(where, _("链接指向了文件夹外面。"))
        elif (found := _inside(path, place)) is None:
            folder.fault(where, _("经过了通到外面的链接，不能带入。"))
        elif not found.is_file():
            folder.report.leave(losses.LINKS, where, _("没有这个文件，链接原样保留。"))
        elif found.suffix.lower() in (".md", ".gift", ".yaml"):
            folder.report.leave(losses.LINKS, where, _("课文之间的链接带入后打不开，原样保留。"))
        elif found in folder.enclosed or _is_welcome(where, found, folder):
            folder.enclosed.add(found)
            links[target] = found
    folder.files |= folder.enclosed
    folder.report.more(losses.LINKS, len(targets_in(text)), len(links))
    return links


def _inside(path: Path, place: Path) -> Path | None:
    """The place with links followed, where that is still in the folder."""
    try:
        found = place.resolve()
        return found if found.is_relative_to(path.resolve()) else None
    except (OSError, ValueError, RuntimeError):
        return None


def _is_welcome(where: str, found: Path, folder: CourseFolder) -> bool:
    if folder.is_own:
        return True
    try:
        media.examine_file(found)
    except Problem as problem:
        folder.fault(where, problem.message)
        return False
    return True


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
    for line, what in report.noted:
        folder.report.noted.append((name, _("第 %(n)s 行：%(why)s", n=line, why=what)))
    folder.report.more(losses.CUES, report.total, len(report.cues))
    return tuple(report.cues)


def _video(path: Path, name: str, folder: CourseFolder) -> Path | None:
    video = _file(path, name, folder)
    if video is None or folder.is_own:
        return video
    found = media.examine(video)
    if found.fault is not None:
        folder.fault(name, found.fault)
        return None
    return video


def _read_quiz(path: Path, document: dict, folder: CourseFolder) -> None:
    name = str(document.get("quiz") or "")
    if not name:
        folder.lack("course.yaml", _("没有考核题（quiz）。"))
        return
    text = _text(path, name, folder)
    if text is None:
        return
    report = quizzes.read_gift(text)
    for left in report.left_out:
        folder.fault(name, _("第 %(line)s 行的题读不出来：%(why)s", line=left.line, why=left.reason))
    folder.report.more(losses.QUESTIONS, report.total, len(report.questions))
    if not report.questions:
        folder.fault(name, _("一道题也没有。"))
        return
    folder.question_count = len(report.questions)
    title, body = str(document.get("quiz_title") or QUIZ_TITLE).strip(), text.strip()
    folder.lessons.append(FolderLesson("quiz", title, "quiz", body, draw=_draw(document, report.questions, folder),
                                       links=_links(path, name, body, folder)))


def _draw(document: dict, questions: list[quizzes.Question], folder: CourseFolder) -> quizzes.Draw:
    draw = document.get("quiz_draw") or {}
    if not isinstance(draw, dict) or not all(isinstance(pool, str) for pool in draw):
        folder.fault("course.yaml", _("quiz_draw 应为“题库: 抽几道”。"))
        return {}
    if (fault := quizzes.draw_fault(questions, draw)) is not None:
        folder.fault("course.yaml", _("题库“%(pool)s”只有 %(n)s 道题，抽不出那么多。", pool=fault.pool, n=fault.size))
        return {}
    return draw
