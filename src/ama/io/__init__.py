"""Model folders, score files, results files, and atomic writes."""
