"""The WSGI entry: `granian --interface wsgi wsgi:app`, `flask --app wsgi …`."""

from guanxue.app import create_app

app = create_app()
