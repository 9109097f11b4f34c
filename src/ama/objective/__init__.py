"""Eq. 1 to 4 of the paper and its sampling in latent space, as pure functions of tensors."""
