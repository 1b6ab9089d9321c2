"""Attack the program with kills, damage, hostile files and lines, signals and full disks; seeded.

    python -m engine.bench.attack [--quick] [--seed N] [--kinds kills texts ...] [--share X] [--out FILE] [--keep]

About a quarter of an hour on two processors, as several kinds run at a time. Every case must end in one clear line
and exit status 2, or go on, within 60 s and 1 GB beyond an ordinary reading, with nothing lost, shown or run that
should not be. The last line is "N tried, M failures"; the exit status is 2 where there was a failure.
"""

from __future__ import annotations

import sys

from engine.bench.attack.command import main

if __name__ == "__main__":
    sys.exit(main())
