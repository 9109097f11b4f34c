"""From the columns of a table to the numbers that a detector takes: learned at fit, and kept in the model."""
