"""`python -m dashops.cli` is `dashops`."""

from dashops.cli import main

main()
