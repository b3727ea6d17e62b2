"""The block kinds, one file each, and the table of them."""
