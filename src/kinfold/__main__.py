"""`python -m kinfold`: the command line."""

import os
import sys

# With -m Python looks for modules in the working folder first: a file json.py beside the data would be run.
_home = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
if not sys.flags.safe_path and os.path.realpath(sys.path[0]) != _home:
    del sys.path[0]

from kinfold.cli.main import main  # noqa: E402

sys.exit(main())
