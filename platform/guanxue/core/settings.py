"""The settings of the app that is running now, for hearts that need a folder or a key."""

from flask import current_app

from guanxue.config import Settings


def settings() -> Settings:
    """The frozen Settings create_app() was given. Raises RuntimeError outside an app context."""
    return current_app.extensions["guanxue.settings"]
