"""Course folders on their way out: written so that read_folder() reads back the same. docs/formats.md describes the form."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import yaml

from guanxue import media
from guanxue.courses.folders import QUIZ_TITLE, FolderLesson


def write_folder(path: Path, facts: dict, lessons: list[FolderLesson], files: dict[str, Path] | None = None,
                 report: Callable[[], None] = lambda: None) -> None:
    """Write a course folder. `path` must not exist or be empty.

    A lesson's `video` is copied to videos/, under the lesson's slug; `files` by their place in the folder lie beside
    the texts. `report` is called after each large file.
    """
    (path / "lessons").mkdir(parents=True, exist_ok=True)
    listed = [_write_lesson(path, lesson, report) for lesson in lessons if lesson.kind != "quiz"]
    asked = [lesson for lesson in lessons if lesson.kind == "quiz"]
    for place, source in (files or {}).items():
        (path / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, path / place)
    document = {**{k: v for k, v in facts.items() if v not in ("", None, [])}, "lessons": listed}
    for quiz in asked:
        (path / "quiz.gift").write_text(quiz.body + "\n", "utf-8")
        document |= {"quiz": "quiz.gift", **({"quiz_title": quiz.title} if quiz.title != QUIZ_TITLE else {}),
                     **({"quiz_draw": quiz.draw} if quiz.draw else {})}
    (path / "course.yaml").write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=1000), "utf-8")


def _write_lesson(path: Path, lesson: FolderLesson, report: Callable[[], None]) -> dict | str:
    """Its files, and what course.yaml lists of it."""
    name = f"lessons/{lesson.slug}.md"
    (path / name).write_text(f"# {lesson.title}\n\n{lesson.body}\n", "utf-8")
    item = {"file": name, "kind": lesson.kind} if lesson.kind != "video" else {"file": name}
    if lesson.section:
        item["section"] = lesson.section
    if lesson.video is not None:
        item["video"] = f"videos/{lesson.slug}{lesson.video_suffix}"
        (path / "videos").mkdir(exist_ok=True)
        shutil.copyfile(lesson.video, path / item["video"])
        report()
    if lesson.is_film_left:
        item["video_left_out"] = True
    if lesson.cues:
        item["subtitles"] = f"subtitles/{lesson.slug}.vtt"
        (path / "subtitles").mkdir(exist_ok=True)
        (path / item["subtitles"]).write_text(media.as_vtt(lesson.cues), "utf-8")
        if not lesson.is_checked:
            item["subtitles_checked"] = False
    return item if len(item) > 1 else name
