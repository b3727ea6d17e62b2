"""The vocabulary every package speaks: frozen msgspec values, no behaviour beyond their own shape."""
