"""Pages of oversight: findings (fraud.py), their evidence (evidence.py), training rooms (rooms.py), cases (cases.py)."""

from flask import Blueprint

blueprint = Blueprint("oversight", __name__)
