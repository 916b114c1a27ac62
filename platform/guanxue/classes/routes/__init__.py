"""Pages of classes: a learner's, those of who holds and teaches them, the screen in the room."""

from flask import Blueprint

blueprint = Blueprint("classes", __name__)
