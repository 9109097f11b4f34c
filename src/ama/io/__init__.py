"""Files: the model folder, score files, results files, and files that are written whole or not at all."""
