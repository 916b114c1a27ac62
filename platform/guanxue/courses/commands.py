"""`guanxue import-course`, `export-course`, `check`: course folders and files, from a terminal."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import click

from guanxue import courses, credentials, media
from guanxue.config import published_keys_path
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.command import in_app, print_json, without_site
from guanxue.core.db import writing
from guanxue.core.i18n import gettext as _
from guanxue.core.i18n import lazy
from guanxue.courses import losses, proofreading


@click.command("import-course")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@in_app()
def import_course(path: Path) -> None:
    """导入一门课：课程文件夹，或课程包（.zip）。再导入一次不会改变什么；有问题就逐条指出，什么也不留下。"""
    began = clock.now()
    with courses.opened(path) as root:
        folder = courses.take_folder(root, tell=lambda found: _tell(courses.foresee_losses(found)))
    with writing():
        revision = courses.bring_in(SYSTEM, folder)
        lessons = len(courses.lessons_of(revision.id))
    click.echo(_("%(slug)s：第 %(number)s 版，%(lessons)s 节。", slug=folder.slug, number=revision.number, lessons=lessons))
    if revision.published_at < began:
        click.echo(_("内容和已发布的一样，没有新版本。"), err=True)


@click.command("export-course")
@click.argument("slug")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--without-films", is_flag=True, help="不写出教师上传的视频")
@in_app()
def export_course(slug: str, path: Path, without_films: bool) -> None:
    """把一门已发布的课写成文件夹；PATH 以 .zip 结尾就写成课程包。教师上传的视频原件、图片和附件一并写出。"""
    _tell(courses.export_folder(slug, path.absolute(), with_films=not without_films))
    click.echo(str(path))


def _tell(report: courses.LossReport) -> None:
    """On stderr: how much was counted, carried and left out where anything was, and why."""
    for kind, counted in report.to_document()["counts"].items():
        if counted["left_out"]:
            click.echo(_("%(what)s：共 %(total)s，带入 %(n)s，没有带 %(m)s。", what=losses.NAMES[kind], total=counted["total"],
                         n=counted["carried"], m=counted["left_out"]), err=True)
    for x in report.left_out:
        many = f"（{x.count}）" if x.count > 1 else ""
        click.echo(f"  {x.where or losses.NAMES[x.kind]}{many}：{x.reason}", err=True)
    for where, what in report.noted:
        click.echo(f"  {where}：{what}", err=True)


KINDS = {
    "course": lazy("课程"), "quiz": lazy("考核题"), "video": lazy("视频"), "sound": lazy("声音"), "subtitles": lazy("字幕"),
    "credential": lazy("学分证明"), "unknown": lazy("未知文件"),
}
COUNTED = {
    "lessons": lazy("课"), "videos": lazy("视频课"), "texts": lazy("图文课"), "questions": lazy("题"), "cues": lazy("字幕条"),
    "entries": lazy("账"), "left_out": lazy("没有带入"), "total": lazy("共"),
}
KNOWN = {
    "slug": lazy("地址"), "title": lazy("名称"), "kind": lazy("类别"), "level": lazy("等级"), "towns": lazy("镇街"),
    "planned_hours": lazy("计划课时"), "pass_mark": lazy("及格分"), "uploaded_videos": lazy("上传的视频"),
    "format": lazy("格式"), "kinds": lazy("题型"), "bytes": lazy("字节"), "width": lazy("宽"), "height": lazy("高"),
    "duration_s": lazy("时长（秒）"), "frame_rate": lazy("每秒画面"), "done": lazy("会做的处理"),
    "has_sound": lazy("有声音"), "is_rotated": lazy("竖着拍的"), "begins_s": lazy("始于（秒）"), "ends_s": lazy("止于（秒）"),
    "encoding": lazy("文字编码"), "changed": lazy("读入但有改动"),
    "entry": lazy("第几笔"), "posted_at": lazy("记账时间"), "sealed_at": lazy("签名时间"), "ledger_size": lazy("账本笔数"),
    "public_key": lazy("公钥（文件自带，请与网站公布的核对）"),
}


@click.command("check")
@click.argument("files", type=click.Path(exists=True, path_type=Path), nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@click.option("--draw", type=click.IntRange(1), help="从校对过的课里抽几节，逐条审读（courses/README.md）")
@click.option("--seed", default=0, help="抽课用的数；同一个数抽到同样的课")
@without_site
def check(files: tuple[Path, ...], as_json: bool, draw: int | None, seed: int) -> None:
    """带入这些文件会怎样？什么也不写；都可以带入、校对也没有发现问题，以 0 退出，否则 1。

    认得的有：课程文件夹、课程包（.zip）、GIFT 考核题、视频、声音、WebVTT 和 SRT 字幕、学分证明（JSON）、证书（.jwt）。
    写了 facts 的课程按 courses/README.md 的标准校对；几门课一起查，还要互相比对有没有雷同。不是课程文件夹的文件夹跳过。
    """
    if len(files) > 1:  # as `courses/*` names also the tables and pages that lie beside the courses
        beside = [x for x in files if not (x / "course.yaml").is_file() and (x.is_dir() or x.suffix in (".csv", ".md"))]
        files = tuple(x for x in files if x not in beside)
        if beside:
            click.echo(_("不是课程，没有查：%(names)s", names="、".join(x.name for x in beside)), err=True)
    found = {file: _credential(file) or courses.check_file(file) for file in files}
    proofs = [x.proof for x in found.values() if x.proof is not None]
    twins = proofreading.find_twins(proofs)
    if as_json:
        documents = [x.to_document() for x in found.values()]
        print_json(documents[0] if len(files) == 1 else {
            "files": documents, "twins": [x.to_document() for x in twins]})
    else:
        told = [line for x in found.values() for line in _lines(x)]
        for line in [*told, *_summary(proofs, twins), *_drawn(proofs, draw, seed)]:
            click.echo(line)
    if twins or not all(x.is_accepted and not (x.proof and x.proof.findings) for x in found.values()):
        sys.exit(1)


def _drawn(proofs: list[proofreading.Proof], count: int | None, seed: int) -> list[str]:
    """So many lessons by lot, as "course/lesson": the same for the same seed and courses."""
    if count is None:
        return []
    lessons = sorted({where.partition("#")[0] for proof in proofs for where, _words in proof.slides})
    drawn = random.Random(seed).sample(lessons, min(count, len(lessons)))  # noqa: S311 a lot that can be drawn again
    return [_("抽到的课（%(seed)s）：", seed=seed), *(f"  {x}" for x in drawn)]


def _summary(proofs: list[proofreading.Proof], twins: list[proofreading.Finding]) -> list[str]:
    """Of all courses that were proofread together."""
    if len(proofs) < 2:
        return []
    lines = [_("雷同：%(n)s 处", n=len(twins)), *(f"  {x.where}：{x.message}" for x in twins)]
    told = {name: sum(getattr(p, name) for p in proofs) for name in ("lessons", "minutes", "questions")}
    return [*lines, _("校对了 %(n)s 门课：%(lessons)s 课，约 %(minutes)s 分钟，%(questions)s 题；%(bad)s 门有问题。",
                      n=len(proofs), bad=sum(bool(p.findings) for p in proofs), **told)]


def _credential(file: Path) -> courses.Check | None:
    """What is said of a file that has the form of a signed credential, by this site's own published keys; else None."""
    token = credentials.read_file(file) if file.is_file() else None
    if token is None:
        return None
    own = published_keys_path()
    keys = credentials.read_keys(own.read_text("utf-8")) if own.is_file() else []
    seen = credentials.check(token, keys, clock.now())
    facts = {"title": seen.payload["microCredential"]["title"]} if seen.is_valid else {}
    return courses.Check("credential", credentials.WHY[seen.fault] if seen.fault else None, facts=facts)


def _lines(found: courses.Check) -> list[str]:
    """The answer in plain words, a line each."""
    verdict = _("可以带入。") if found.is_accepted else _("不能带入：%(why)s", why=found.reason)
    lines = [f"{KINDS[found.kind]}：{verdict}"]
    lines += [f"  {COUNTED[name]} {n}" for name, n in found.counts.items()]
    lines += [f"  {where}：{reason}" for where, reason in found.left_out]
    lines += [f"  {x['where']}：{x['reason']}" for x in found.facts.get("doubts", ())]
    lines += [f"  {x['where']}：{x['what']}" for x in found.facts.get("noted", ())]
    facts = dict(found.facts)
    lines += [_("  %(what)s：共 %(total)s，带入 %(n)s，没有带 %(m)s", what=losses.NAMES[kind], total=counted["total"],
                n=counted["carried"], m=counted["left_out"]) for kind, counted in facts.pop("report", {}).items()]
    if "done" in facts:
        facts["done"] = [str(media.done_words(name, facts["frame_rate"])) for name in facts["done"]]
    facts.pop("noted", None)
    if found.proof is not None:
        faults = found.proof.findings
        lines.append(_("  校对：约 %(minutes)s 分钟，发现 %(n)s 处问题", minutes=found.proof.minutes, n=len(faults)))
        lines += [f"    {x.where}：{x.message}" for x in faults]
    return lines + [f"  {KNOWN[name]} {_shown(value)}" for name, value in facts.items() if value not in ("", None, [], {})]


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, dict):
        return "，".join(f"{name} {n}" for name, n in value.items())
    return "，".join(value) if isinstance(value, list) else str(value)


COMMANDS = [import_course, export_course, check]
