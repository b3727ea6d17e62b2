"""Use cases and ports: everything asynchronous that owns order, time and retries."""
