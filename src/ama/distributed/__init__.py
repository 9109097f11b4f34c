"""Scoring by several processes or machines: with Ray, or any engine that maps record batches of Arrow."""
