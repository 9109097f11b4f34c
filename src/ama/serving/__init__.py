"""The HTTP server: samples in requests, scored as ``ama score`` scores the same files."""
