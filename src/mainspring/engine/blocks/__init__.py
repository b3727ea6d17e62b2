"""One file a block kind: `begin(turn, frame, block)` starts it and says whether it is over at once."""
