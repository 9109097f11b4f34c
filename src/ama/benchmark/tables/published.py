"""AUROC printed in the AMA paper (Somepalli et al., UAI 2021, Tables 1 and 2) and in the papers of other methods."""

from __future__ import annotations

DIGITS = tuple("0123456789")
OBJECTS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
GARMENTS = (
    "T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip

# data set -> normal class -> AUROC of AMA
TABLE_2 = {
    "mnist": dict(
        zip(DIGITS, (0.986, 0.998, 0.882, 0.891, 0.894, 0.938, 0.981, 0.983, 0.876, 0.948), strict=True)
    ),
    "cifar10": dict(
        zip(OBJECTS, (0.752, 0.634, 0.696, 0.603, 0.733, 0.650, 0.658, 0.582, 0.754, 0.632), strict=True)
    ),
}
TABLE_2_AVERAGE = {"mnist": 0.938, "cifar10": 0.669}

# (normal data, anomalous data) -> AUROC of AMA
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

# Other methods in the AMA paper.
_OTHERS_OF_TABLE_2 = {
    "mnist": {
        "FGAN": (0.754, 0.307, 0.628, 0.566, 0.390, 0.490, 0.538, 0.313, 0.645, 0.408, 0.504),
        "ALAD": (0.962, 0.915, 0.794, 0.821, 0.702, 0.79, 0.843, 0.865, 0.771, 0.821, 0.828),
        "AnoGAN": (0.902, 0.869, 0.623, 0.785, 0.827, 0.362, 0.758, 0.789, 0.672, 0.720, 0.731),
        "Skip-GANomaly": (0.297, 0.877, 0.393, 0.486, 0.618, 0.540, 0.455, 0.633, 0.426, 0.584, 0.531),
        "Deep SVDD without contrast normalisation": (
            0.971, 0.995, 0.809, 0.884, 0.920, 0.869, 0.978, 0.940, 0.900, 0.946, 0.921,
        ),
    },
    "cifar10": {
        "FGAN": (0.572, 0.582, 0.505, 0.544, 0.534, 0.535, 0.528, 0.537, 0.664, 0.338, 0.567),
        "ALAD": (0.679, 0.397, 0.685, 0.652, 0.696, 0.550, 0.704, 0.463, 0.787, 0.391, 0.601),
        "AnoGAN": (0.602, 0.439, 0.637, 0.594, 0.755, 0.604, 0.730, 0.498, 0.675, 0.445, 0.598),
        "Skip-GANomaly": (0.655, 0.406, 0.663, 0.598, 0.739, 0.617, 0.638, 0.519, 0.746, 0.387, 0.597),
        "Deep SVDD without contrast normalisation": (
            0.682, 0.477, 0.679, 0.573, 0.752, 0.628, 0.710, 0.511, 0.733, 0.567, 0.631,
        ),
    },
}  # fmt: skip
_CLASSES = {"mnist": DIGITS, "cifar10": OBJECTS}
# data set -> method -> class, or "average" -> AUROC
OTHERS_OF_TABLE_2 = {
    data: {
        method: dict(zip((*_CLASSES[data], "average"), values, strict=True))
        for method, values in methods.items()
    }
    for data, methods in _OTHERS_OF_TABLE_2.items()
}

# method -> (normal data, anomalous data) -> AUROC
OTHERS_OF_TABLE_1 = {
    "WAIC": {
        ("fashion_mnist", "mnist"): 0.871,
        ("fashion_mnist", "omniglot"): 0.832,
        ("cifar10", "svhn"): 0.623,
        ("cifar10", "tiny_imagenet32"): 0.626,
    },
    "likelihood ratio": {("fashion_mnist", "mnist"): 0.994, ("cifar10", "svhn"): 0.931},
    "typicality, M = 2": {
        ("fashion_mnist", "mnist"): 0.140,
        ("cifar10", "svhn"): 0.420,
        ("cifar10", "tiny_imagenet32"): 0.640,
        ("svhn", "cifar10"): 0.980,
        ("svhn", "tiny_imagenet32"): 1.000,
    },
    "Deep SVDD": {
        ("fashion_mnist", "mnist"): 0.864,
        ("fashion_mnist", "omniglot"): 0.999,
        ("cifar10", "svhn"): 0.533,
        ("cifar10", "tiny_imagenet32"): 0.387,
        ("cifar10", "cifar100"): 0.478,
        ("svhn", "cifar10"): 0.795,
        ("svhn", "tiny_imagenet32"): 0.823,
        ("svhn", "cifar100"): 0.819,
    },
    "input complexity": {
        ("fashion_mnist", "mnist"): 0.967,
        ("fashion_mnist", "omniglot"): 1.000,
        ("cifar10", "svhn"): 0.929,
        ("cifar10", "tiny_imagenet32"): 0.589,
        ("cifar10", "cifar100"): 0.535,
    },
}

# Other methods in their own papers (Ruff et al. 2018, Table 1; Zenati et al. 2018, Table V): the strict protocol on all
# test images.
OWN_OF_TABLE_2 = {
    "mnist": {
        "Deep SVDD": dict(
            zip(
                (*DIGITS, "average"),
                (0.980, 0.997, 0.917, 0.919, 0.949, 0.885, 0.983, 0.946, 0.939, 0.965, 0.948),
                strict=True,
            )
        ),
    },
    "cifar10": {
        "Deep SVDD": dict(
            zip(
                (*OBJECTS, "average"),
                (0.617, 0.659, 0.508, 0.591, 0.609, 0.657, 0.677, 0.673, 0.759, 0.731, 0.648),
                strict=True,
            )
        ),
        "ALAD": {"average": 0.607},
    },
}
# The AMA paper quotes Ren et al. 2019 and Serra et al. 2020 for these.
OWN_OF_TABLE_1 = {name: OTHERS_OF_TABLE_1[name] for name in ("likelihood ratio", "input complexity")}
