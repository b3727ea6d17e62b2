"""The HTTP server: routes, bodies, keys, streams; it glues the runtime's use cases to the wires."""
