"""CSV files, however they are written."""
