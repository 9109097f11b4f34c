"""Durations, progress bars and random generators."""
