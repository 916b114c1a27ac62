"""What would happen if this file were brought in? Judged by the same rules that bring it in; writes nothing to the site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from guanxue import ledger, media, quizzes
from guanxue.core.i18n import lazy as _
from guanxue.courses import losses, packages, proofreading
from guanxue.courses.errors import BadFolder
from guanxue.courses.folders import LARGEST_TEXT_BYTES, CourseFolder, read_folder

KIND_OF_SUFFIX = {
    ".gift": "quiz", ".vtt": "subtitles", ".srt": "subtitles", ".json": "credential", ".zip": "course",
    **dict.fromkeys((".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".flv", ".wmv", ".ts", ".mpg", ".3gp"), "video"),
    **dict.fromkeys((".xlsx", ".docx", ".csv", ".xml", ".aiken", ".html", ".htm"), "quiz"),
    **dict.fromkeys((".mp3", ".m4a", ".aac", ".wav", ".ogg", ".opus", ".flac", ".amr"), "video"),  # sound says so itself
}
PROOF_FAULTS = {
    "signature": _("账头的签名是假的。"), "algorithm": _("账头用的签名算法不认识，不能断定真假。"),
    "sum": _("这笔账借贷不平。"),
    "entry": _("内容被改动过，与指纹不符。"), "path": _("这笔账不在签名的账本里。"), "form": _("这不是一份学分证明文件。"),
}


@dataclass(frozen=True)
class Check:
    """The answer. kind: course, quiz, video, sound, subtitles, credential, unknown; `left_out` are (where, reason)."""

    kind: str
    reason: object | None = None  # why it is refused
    counts: dict[str, int] = field(default_factory=dict)
    left_out: list[tuple[str, object]] = field(default_factory=list)
    facts: dict = field(default_factory=dict)
    proof: proofreading.Proof | None = None  # of a course that is held to our own standard

    @property
    def is_accepted(self) -> bool:
        """Would it be brought in?"""
        return self.reason is None

    def to_document(self) -> dict:
        """As plain JSON, words in the present language."""
        return {
            "kind": self.kind, "accepted": self.is_accepted,
            **({} if self.is_accepted else {"reason": str(self.reason)}), "counts": self.counts,
            "left_out": [{"where": where, "reason": str(reason)} for where, reason in self.left_out], "facts": self.facts,
            **({"proofread": [x.to_document() for x in self.proof.findings]} if self.proof else {}),
        }


def check_file(path: Path) -> Check:
    """Judge a course folder or package, quiz, video, sound, subtitles or credential. Unpacks packages beside the site."""
    if path.is_dir():
        return _course(path)
    if not path.is_file():
        return Check("unknown", _("不是普通文件。"))
    kind = KIND_OF_SUFFIX.get(path.suffix.lower()) or _kind_by_content(path)
    if path.stat().st_size == 0:
        return Check(kind, _("文件是空的。"))
    judge = {"course": _course, "quiz": _quiz, "video": _video, "subtitles": _subtitles, "credential": _credential}
    return judge[kind](path) if kind in judge else Check("unknown", _("认不出这是什么文件。"))


def _kind_by_content(path: Path) -> str:
    """For a name that tells nothing."""
    with path.open("rb") as f:
        head = f.read(4096)
    if quizzes.is_packed(path):
        return "quiz"
    if packages.is_package(path):
        return "course"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"WEBVTT"):
        return "subtitles"
    if start.startswith(b'{"') or start.startswith(b"{\n"):
        return "credential"
    if b"\0" in head:
        return "video"
    return "quiz" if path.suffix.lower() in (".txt", "") and _asks_something(path) else "unknown"


def _asks_something(path: Path) -> bool:
    """Is there a question in a text, of whatever form?"""
    if path.stat().st_size > quizzes.MOST_FILE_BYTES:
        return False
    try:
        return quizzes.read_file(path.read_bytes()).total > 0
    except quizzes.Unreadable:
        return False


def _text(path: Path) -> tuple[str, object | None]:
    """The file's text, or "" and why it is none."""
    if path.stat().st_size > LARGEST_TEXT_BYTES:
        return "", _("文件太大，最多 1 MB。")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return "", _("不是 UTF-8 文本。")
    return ("", _("不是文本文件。")) if "\0" in text else (text, None)


def _course(path: Path) -> Check:
    try:
        folder = look_at(path)
    except BadFolder as problem:
        faults = [(f["field"], f["message"]) for f in problem.fields]
        return Check("course", problem.message, {"left_out": len(faults)}, faults)
    kinds, faults = Counter(lesson.kind for lesson in folder.lessons), folder.faults + folder.unready
    left_out = [(f["field"], f["message"]) for f in faults]
    left_out += [(x.where, x.reason) for x in folder.report.left_out]
    reason = _("课程文件夹有 %(n)s 处问题，不会导入。", n=len(faults)) if faults else None
    counts = {"lessons": len(folder.lessons), "videos": kinds["video"], "texts": kinds["text"],
              "questions": folder.question_count, "left_out": len(left_out)}
    told = folder.report.to_document()
    facts = {"slug": folder.slug, "title": folder.title, "kind": folder.kind, "level": folder.level, "towns": folder.towns,
             "planned_hours": folder.planned_hours_milli / 1000, "pass_mark": folder.pass_mark,
             "uploaded_videos": sum(lesson.video is not None for lesson in folder.lessons), "report": told["counts"],
             **({"noted": told["noted"]} if told["noted"] else {})}
    proof = proofreading.proofread(folder) if folder.facts_lesson and not faults else None
    return Check("course", reason, counts, left_out, facts, proof)


def look_at(path: Path, meanwhile: Callable[[CourseFolder], None] = lambda _folder: None,
            beside: Path | None = None) -> CourseFolder:
    """What a course folder or package holds, with its report also about files that are not even unpacked. BadFolder.

    `meanwhile` is called with it while its files are there; a package is unpacked in the folder `beside`, where one is named.
    """
    with packages.opened(path, beside) as root:
        folder = read_folder(root)
        meanwhile(folder)
    strays = packages.list_strays(path)
    for name in strays:
        folder.report.leave(losses.FILES, name, _("是苹果电脑自己加的，不属于课程。"))
    folder.report.more(losses.FILES, len(strays), 0)
    return folder


def _quiz(path: Path) -> Check:
    """A GIFT file is a course folder's quiz, so it is taken whole or not at all; of other files what can be read is taken."""
    if path.stat().st_size > quizzes.MOST_FILE_BYTES:
        return Check("quiz", _("文件太大，最多 %(n)s MB。", n=quizzes.MOST_FILE_BYTES // 1024**2))
    try:
        report = _read_quiz(path)
    except quizzes.Unreadable as problem:
        return Check("quiz", problem.args[0])
    left_out = [(str(x.line), x.reason) for x in report.left_out]
    counts = {"questions": len(report.questions), "left_out": len(left_out), "total": report.total}
    reason = None
    if left_out and report.format == "gift":
        reason = _("有 %(n)s 道题读不出来，整份不会保存。", n=len(left_out))
    elif not report.questions:
        reason = _("没有读到一道题。")
    named = [{"where": str(x.line), "reason": str(x.reason)} for x in report.doubts]
    named += [{"where": str(x.line), "reason": "；".join(str(w) for w in x.what)} for x in report.dropped]
    facts = {"format": report.format, "kinds": dict(Counter(q.kind for q in report.questions))}
    return Check("quiz", reason, counts, left_out, facts | ({"doubts": named} if named else {}))


def _read_quiz(path: Path) -> quizzes.Report:
    if path.suffix.lower() != ".gift":
        return quizzes.read_file(path.read_bytes())
    text, fault = _text(path)
    if fault is not None:
        raise quizzes.Unreadable(fault)
    return quizzes.read_gift(text)


def _video(path: Path) -> Check:
    found = media.examine(path)
    return Check(found.kind, found.fault, {}, [], found.facts)


def _subtitles(path: Path) -> Check:
    if path.stat().st_size > media.MOST_SUBTITLE_BYTES:
        return Check("subtitles", _("字幕文件太大，最多 2 MB。"))
    report = media.read_subtitles(path.read_bytes())
    left_out = [(str(line), why) for line, why in report.left_out]
    counts = {"cues": len(report.cues), "left_out": len(left_out), "total": report.total}
    facts = {"format": report.form, "encoding": report.encoding,
             "changed": [str(_("第 %(n)s 行：%(why)s", n=line, why=what)) for line, what in report.noted]}
    if report.cues:
        facts |= {"begins_s": report.cues[0].start_ms / 1000, "ends_s": max(c.end_ms for c in report.cues) / 1000}
    return Check("subtitles", report.fault, counts, left_out, facts)


def _credential(path: Path) -> Check:
    document = ledger.read_proof(path)
    fault = ledger.verify_proof(document)
    if fault:
        return Check("credential", PROOF_FAULTS[fault])
    entry, head = document["entry"], document["head"]
    return Check("credential", None, {"entries": 1}, [], {
        "entry": entry["number"], "kind": entry["kind"], "posted_at": entry["posted_at"], "sealed_at": head["sealed_at"],
        "ledger_size": head["size"], "public_key": head["public_key"]})
