"""Where tools run: in this process, or in connected workers that pull their calls."""
