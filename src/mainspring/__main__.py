"""Lets `python -m mainspring` stand in for the `mainspring` command."""

from mainspring.cli.main import main

if __name__ == "__main__":
    main()
