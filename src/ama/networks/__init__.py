"""Encoder, generator and discriminator for images and for tabular data, with scaling and normalisation."""
