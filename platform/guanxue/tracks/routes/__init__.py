"""Pages of the highest room: home and my own (home.py), towns and tracks for everybody (public.py), curators (curate.py)."""

from flask import Blueprint

blueprint = Blueprint("tracks", __name__)
