"""Starting, filling, copying and examining a site: what `guanxue init`, `demo`, `up`, `backup`, `doctor` … do."""

from __future__ import annotations

import click

from guanxue import migrations, wiring
from guanxue.core.actor import SYSTEM
from guanxue.core.command import in_app
from guanxue.core.db import writing


@click.command()
@in_app()
def init() -> None:
    """建好数据库、文件夹和密钥；可以反复运行。"""
    migrations.upgrade()
    with writing():
        wiring.prepare(SYSTEM)


COMMANDS = [init]
