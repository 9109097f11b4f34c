"""The experiments behind every number and picture in the documentation."""
