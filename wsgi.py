"""The WSGI entry: `granian --interface wsgi wsgi:app`, `flask --app wsgi …`. `guanxue serve` starts it with less memory."""

from guanxue.serving import ready_app

app = ready_app()
