"""A learner's pages: home and my record (record.py), lessons and quizzes (study.py)."""

from flask import Blueprint

blueprint = Blueprint("learning", __name__)
