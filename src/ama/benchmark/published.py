"""AUROC as the AMA paper prints them (Somepalli et al., UAI 2021, Tables 1 and 2)."""

from __future__ import annotations

DIGITS = tuple("0123456789")
OBJECTS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
GARMENTS = (
    "T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip

TABLE_2 = {
    "mnist": dict(
        zip(DIGITS, (0.986, 0.998, 0.882, 0.891, 0.894, 0.938, 0.981, 0.983, 0.876, 0.948), strict=True)
    ),
    "cifar10": dict(
        zip(OBJECTS, (0.752, 0.634, 0.696, 0.603, 0.733, 0.650, 0.658, 0.582, 0.754, 0.632), strict=True)
    ),
}
TABLE_2_AVERAGE = {"mnist": 0.938, "cifar10": 0.669}

# (normal data, anomalous data)
TABLE_1 = {
    ("fashion_mnist", "mnist"): 0.987,
    ("fashion_mnist", "omniglot"): 0.998,
    ("cifar10", "svhn"): 0.958,
    ("cifar10", "tiny_imagenet32"): 0.911,
    ("cifar10", "cifar100"): 0.551,
    ("svhn", "cifar10"): 0.993,
    ("svhn", "tiny_imagenet32"): 1.000,
    ("svhn", "cifar100"): 0.988,
}
