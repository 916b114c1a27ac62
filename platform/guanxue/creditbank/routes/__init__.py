"""Pages of the credit bank: a person's statement and the check of a record, and the rules of crediting."""

from flask import Blueprint

blueprint = Blueprint("creditbank", __name__)
