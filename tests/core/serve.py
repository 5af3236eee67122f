"""The real server on another application: `python tests/core/serve.py module:name --port N`."""

import os
import sys

from core.server import Command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
application, *arguments = sys.argv[1:]
Command().run(["--verbosity", "0", *arguments, application])
