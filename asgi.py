"""For any ASGI server: `gunicorn -k asgi asgi:app` (run `linktrack load --follow` beside it)."""

from linktrack.app import create_asgi_app

app = create_asgi_app()
