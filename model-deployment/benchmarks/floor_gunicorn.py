"""How gunicorn runs the floor: by the service's own settings, without what it does when it starts and ends."""

import runpy

from gunicorn.config import KNOWN_SETTINGS

from serving.settings import SERVICE

_service = runpy.run_path(str(SERVICE / "gunicorn.conf.py"))
_names = [setting.name for setting in KNOWN_SETTINGS]
globals().update({name: _service[name] for name in _names if name in _service and not callable(_service[name])})
wsgi_app = "benchmarks.floor:create_app()"  # pylint: disable=invalid-name  # gunicorn gives the name
