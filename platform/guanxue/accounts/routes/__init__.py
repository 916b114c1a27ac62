"""Pages about people, a file for each concern.

Coming in: signin.py, codes.py (by message), forgotten.py, second_factor.py; tickets.py remembers between steps. One's own
settings: settings.py (the hub), phone.py, identity.py, privacy.py, parcel.py, merging.py; papers.py for everybody. For
administrators: admin.py, organisations.py, officer.py; deeds.py tells the trail in words.
"""

from flask import Blueprint

blueprint = Blueprint("accounts", __name__)
