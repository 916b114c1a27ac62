"""Pages of goals and of the office that keeps programmes and schemes."""

from flask import Blueprint

blueprint = Blueprint("programmes", __name__)
