"""For any WSGI server: `gunicorn wsgi:app` (run `linktrack load --follow` beside it)."""

from linktrack.app import create_wsgi_app

app = create_wsgi_app()
