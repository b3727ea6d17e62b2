"""What a person types: the `mainspring` command."""
