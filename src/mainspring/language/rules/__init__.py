"""The rules that look at a whole protocol, one file each, and the table of them."""
