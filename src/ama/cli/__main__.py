"""``python -m ama.cli``."""

from __future__ import annotations

import sys

from ama.cli import main

sys.exit(main())
