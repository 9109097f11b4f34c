"""``python -m ama``."""

from __future__ import annotations

import sys

from ama.cli.main import main

sys.exit(main())
