"""`python -m guanxue`: the same commands as `guanxue`."""

from guanxue.cli import main

main()
