"""The equations of the paper (Eq. 1 to 4) and its latent-space sampling, as pure functions of tensors."""
