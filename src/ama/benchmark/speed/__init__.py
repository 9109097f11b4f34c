"""Speed of the training step and of scoring."""
