"""The WSGI entry: `granian --interface wsgi wsgi:app`, `flask --app wsgi …`."""

import gc

from guanxue import wiring
from guanxue.app import create_app
from guanxue.core import logs

logs.install()
app = create_app()
wiring.warm(app)
# All of this stays as long as the process: looking through it for garbage again and again would hold requests up.
gc.collect()
gc.freeze()
