"""Owns `make bench`: Mainspring measured beside a reference relay, in the same run, on this machine."""
