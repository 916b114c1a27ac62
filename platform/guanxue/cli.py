"""The `guanxue` commands. Each is a few lines over a room's face; a room's own commands are in its commands.py."""

from __future__ import annotations

import logging
import sys

import click

from guanxue import operations
from guanxue.app import create_app
from guanxue.config import UnsafeSettings
from guanxue.core.command import Application, fail, speak
from guanxue.wiring import COMMANDS


def _make_app():
    try:
        return create_app()
    except UnsafeSettings as error:
        fail(str(error), 2)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def main(context: click.Context) -> None:
    """莞学：课程、学分银行和一镇一品的学习平台。"""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    context.obj = Application(_make_app)


for _command in (*operations.COMMANDS, *COMMANDS):
    main.add_command(_command)
speak(main)
