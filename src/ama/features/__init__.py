"""Frozen pre-trained backbones: images to feature maps and to one vector an image."""
