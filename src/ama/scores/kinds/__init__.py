"""What depends on the kind of samples: images, and rows of a table."""
