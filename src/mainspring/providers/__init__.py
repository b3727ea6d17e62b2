"""The wires to providers of models: one file a wire, one table that finds them, one model that follows a script."""
