"""One file a command; `mainspring.cli.main` lists them."""
