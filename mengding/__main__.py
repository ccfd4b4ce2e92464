"""``python -m mengding`` is the ``mengding`` command."""

import sys

from mengding.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
