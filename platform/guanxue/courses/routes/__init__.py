"""Pages about courses: for everybody (public.py), for instructors (teach.py), for reviewers (review.py)."""

from flask import Blueprint

blueprint = Blueprint("courses", __name__)
