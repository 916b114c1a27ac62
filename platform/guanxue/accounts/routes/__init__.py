"""Pages about people: coming in and going out (signin.py), a person's own settings (settings.py)."""

from flask import Blueprint

blueprint = Blueprint("accounts", __name__)
