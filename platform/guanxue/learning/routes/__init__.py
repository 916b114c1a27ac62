"""A learner's pages: lessons and quizzes (study.py), notes (notes.py).

The home page and /me stand in the highest room they show.
"""

from flask import Blueprint

blueprint = Blueprint("learning", __name__)
