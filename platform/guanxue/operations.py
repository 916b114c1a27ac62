"""Starting, filling, copying and examining a site: what `guanxue init`, `demo`, `up`, `doctor` … do."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import time
from urllib.parse import urlsplit

import click
from flask import current_app

from guanxue import backups, cases, demonstration, jobs, learning, media, migrations, search, serving, simulation, wiring
from guanxue.core import clock, logs
from guanxue.core.actor import SYSTEM
from guanxue.core.append_only import missing_triggers
from guanxue.core.command import fail, in_app
from guanxue.core.db import db, writing
from guanxue.core.settings import settings

STOP_WITHIN_S = 5


def die_with_parent() -> None:
    """End with the process that started this one, where that was wished."""
    if os.environ.get("GUANXUE_DIE_WITH_PARENT"):
        serving.end_with_parent()


@click.command()
@in_app()
def init() -> None:
    """建好数据库、文件夹和密钥；可以反复运行。"""
    prepare_site()


def prepare_site() -> None:
    """Migrations, folders, keys, shipped policies."""
    migrations.upgrade()
    with writing():
        wiring.prepare(SYSTEM)


@click.command()
@click.option("--learners", type=click.IntRange(0, 100_000), default=0,
              help="再加一座模拟的城市：这么多学员，按过去的时间学习（视频做好的课）")
@in_app()
def demo(learners: int) -> None:
    """载入演示数据：目录、镇街、学习路线、人员；可以反复运行。"""
    if settings().is_production:
        fail("正式环境不能载入演示数据。")
    prepare_site()
    demonstration.load(SYSTEM, say=lambda line: click.echo(line, err=True))
    if learners:
        with click.progressbar(length=learners, label="模拟学员", file=sys.stderr) as bar:
            fresh = simulation.load_city(learners, tick=bar.update)
        click.echo(f"新增模拟学员 {fresh} 名", err=True)


@click.command("load-catalogue")
@in_app()
def load_catalogue() -> None:
    """载入随附的目录：镇街、行业、工种、课程计划、完整课程、学习路线；可以反复运行，正式环境也能用。"""
    prepare_site()
    demonstration.load_catalogue(SYSTEM, say=lambda line: click.echo(line, err=True))
    search.freshen()


@click.command()
@click.option("--port", type=int, envvar="PORT", default=8000, show_default=True, help="端口")
@click.option("--host", default="0.0.0.0", show_default=True, help="监听地址")  # noqa: S104 phones on the LAN open it
@click.option("--workers", type=int, default=2, show_default=True, help="进程数")
def serve(port: int, host: str, workers: int) -> None:
    """启动网站。"""
    die_with_parent()
    _refuse_taken(port, host)  # the server would share the port with whoever has it, and each got some of the requests
    os.environ.setdefault("PORT", str(port))
    os.chdir(wiring.ROOT)
    serving.become_server(host, port, workers)


@click.command()
@in_app()
def worker() -> None:
    """运行后台任务（视频制作、搜索索引等）。"""
    die_with_parent()
    os.nice(5)  # pages come first
    logs.install()
    lanes = jobs.Worker(current_app._get_current_object())
    stopped = []
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stopped.append(True))
    lanes.start()
    while not stopped:
        time.sleep(0.2)
    lanes.stop(timeout_s=STOP_WITHIN_S)


@click.command()
@click.option("--port", type=int, envvar="PORT", default=8000, show_default=True, help="端口")
@in_app()
def up(port: int) -> None:
    """一条命令：建库、载入演示数据、启动网站和后台任务。Ctrl-C 结束。"""
    die_with_parent()
    _refuse_taken(port)
    prepare_site()
    if not settings().is_production:
        demonstration.load(SYSTEM, say=lambda line: click.echo(line, err=True))
    search.freshen()
    db.session.remove()
    db.engine.dispose()
    # What was loaded for preparing is given back: the process that only watches over the two others is a small one.
    os.execv(sys.executable, [sys.executable, "-m", "guanxue.supervisor", str(port), *_greeting(port)])  # noqa: S606


def _refuse_taken(port: int, host: str = "0.0.0.0") -> None:  # noqa: S104
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            fail(f"端口 {port} 已被占用。换一个：PORT={port + 1} make run")


def _greeting(port: int) -> list[str]:
    accounts_of_it = demonstration.account_lines() if not settings().is_production else []
    return ["", f"  莞学已启动：http://127.0.0.1:{port}", "", *(f"  {line}" for line in accounts_of_it), "",
            "  首批课程视频在后台制作，网页上能看到进度。Ctrl-C 结束。", ""]


@click.command()
@in_app()
def reindex() -> None:
    """重建搜索索引；网站照常服务。"""
    with click.progressbar(length=search.count_documents(), label="索引", file=sys.stderr) as bar:
        count = search.rebuild(lambda n: bar.update(n - bar.pos))
    click.echo(f"已索引 {count} 项。")


@click.command()
@in_app()
def doctor() -> None:
    """检查这台机器和这个网站缺什么、哪里不对，以及怎么办。"""
    wrong = [line for line in _examine() if line]
    for line in wrong:
        click.echo(line)
    if wrong:
        sys.exit(1)
    click.echo("一切正常。")


def _examine():
    for program, package in (("ffmpeg", "ffmpeg"), ("ffprobe", "ffmpeg"), ("espeak-ng", "espeak-ng"),
                             ("pdftoppm", "poppler-utils"), ("setpriv", "util-linux")):
        yield None if shutil.which(program) else f"缺少 {program}：apt-get install {package}"
    free = shutil.disk_usage(settings().media_dir).free
    yield None if free > 2 * 1024**3 else f"磁盘只剩 {free // 1024**2} MB，制作视频至少要 2 GB。"
    try:
        current = migrations.is_current()
    except Exception as error:
        yield f"数据库打不开：{type(error).__name__}。检查 GUANXUE_DATABASE_URL。"
        return
    if not current:
        yield "数据库版本不是最新：运行 guanxue init。"
        return
    with db.engine.connect() as connection:
        for name in missing_triggers(connection):
            yield f"缺少防篡改触发器 {name}：运行 guanxue init，并查明是谁删掉的。"
    yield None if learning.fits_key() else (
        "学习证据与站点密钥对不上：GUANXUE_SECRET_KEY（或数据文件夹里的 keys/secret）换过，请放回原来的密钥。")
    if not settings().is_https and urlsplit(settings().base_url).hostname not in ("127.0.0.1", "localhost", "::1"):
        yield ("GUANXUE_BASE_URL 不是 https：手机浏览器不让网站保存课程，下载离线学用不了，密码也是明文传送。"
               "装上证书，把 GUANXUE_BASE_URL 改成 https://…。")
    yield from (f"后台任务失败：{job.name}（{job.failure}）" for job in jobs.list_failed(5))
    lacking = len(media.list_without_companions())
    yield None if not lacking or jobs.count_waiting("media.companions") else (
        f"{lacking} 个视频没有“声音+图”：运行 guanxue init，后台会补做。")
    for year in cases.missing_years(clock.today()):
        yield (f"还没有 {year} 年的放假安排，更正和申诉的期限只扣周末，遇上节假日会算短："
               f"把国务院公布的日子加进 platform/guanxue/cases/workdays.csv。")
    yield None if search.is_ready() else "搜索索引不可用：运行 guanxue reindex。"


COMMANDS = [*backups.COMMANDS, init, demo, serve, worker, up, reindex, doctor]
