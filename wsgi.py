"""The WSGI entry: `granian --interface wsgi wsgi:app`, `flask --app wsgi …`."""

from guanxue.app import create_app
from guanxue.core import logs

logs.install()
app = create_app()
