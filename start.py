"""Starts Habeas from a fresh checkout. Needs nothing but Python: the rest is fetched into the data folder.

This file keeps to words that any Python 3 can read, so that an old one gets a plain sentence.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit("Habeas needs Python 3.11 or newer; this is Python {}.{}. Nothing was changed.".format(*sys.version_info[:2]))

from portal.starting.commands import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
