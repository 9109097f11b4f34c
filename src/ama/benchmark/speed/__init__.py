"""Speed and memory of training and scoring, beside a reference implementation of the step."""
