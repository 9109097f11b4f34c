"""The paper's equations, written down a second time: literally, slowly, one number at a time.

Section 3 of "Unsupervised Anomaly Detection with Adversarial Mirrored AutoEncoders" (Somepalli et al. 2021).
A batch is a list; the critic's values of its pairs are lists of floats, D(x, x) as ``d_xx``, D(x, x̂) as
``d_xrec`` and so on. Densities are decimal numbers of 60 digits, which neither underflow nor overflow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Context, Decimal, localcontext

Vector = Sequence[float]
Matrix = Sequence[Vector]

EXACT = Context(prec=60, Emin=-(10**17), Emax=10**17)
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")


def norm(e: Vector) -> float:
    """‖e‖, the Euclidean norm."""
    total = 0.0
    for coordinate in e:
        total += coordinate * coordinate
    return math.sqrt(total)


def mirrored_wasserstein(d_xx: Vector, d_xrec: Vector) -> float:
    """Eq. 1: E[D(x, x) - D(x, x̂)]."""
    total = 0.0
    for i in range(len(d_xx)):
        total += d_xx[i] - d_xrec[i]
    return total / len(d_xx)


def normal_loss(
    d_xx: Vector, d_xrec: Vector, d_xinter: Vector, codes: Matrix, lambda_inter: float, lambda_reg: float
) -> float:
    """Eq. 3: E[D(x, x) - D(x, x̂) + λ_inter (D(x, x) - D(x, x̂_inter)) + λ_reg ‖E(x)‖]."""
    total = 0.0
    for i in range(len(d_xx)):
        total += d_xx[i] - d_xrec[i]
        total += lambda_inter * (d_xx[i] - d_xinter[i])
        total += lambda_reg * norm(codes[i])
    return total / len(d_xx)


def negative_loss(d_xx: Vector, d_xneg: Vector) -> float:
    """Eq. 4: E[D(x, x) - D(x, x̂_neg)], x and x̂_neg from the negatives."""
    total = 0.0
    for i in range(len(d_xx)):
        total += d_xx[i] - d_xneg[i]
    return total / len(d_xx)


def objective(l_normal: float, l_neg: float, lambda_neg: float) -> float:
    """Eq. 2: L_normal - λ_neg L_neg, which G minimises and D maximises."""
    return l_normal - lambda_neg * l_neg


def labelled_batch(d_xx: Vector, d_xrec: Vector, labels: Vector) -> float:
    """The authors' code: the mean over a mixed batch of label (D(x, x) - D(x, x̂)), label 1 or -λ_neg."""
    total = 0.0
    for i in range(len(labels)):
        total += labels[i] * (d_xx[i] - d_xrec[i])
    return total / len(labels)


def hinge_critic(d_xx: Vector, d_xrec: Vector) -> float:
    """Lim & Ye 2017: E[max(0, 1 - D(x, x)) + max(0, 1 + D(x, x̂))]."""
    total = 0.0
    for i in range(len(d_xx)):
        total += max(0.0, 1 - d_xx[i]) + max(0.0, 1 + d_xrec[i])
    return total / len(d_xx)


def relativistic(winner: Vector, loser: Vector) -> float:
    """Jolicoeur-Martineau 2018: E[-log sigmoid(winner - loser)]."""
    total = 0.0
    for i in range(len(winner)):
        total += -math.log(1 / (1 + math.exp(loser[i] - winner[i])))
    return total / len(winner)


def gradient_penalty(gradients: Matrix, target: float) -> float:
    """Gulrajani et al. 2017: E[(‖∇D‖ - target)²]."""
    total = 0.0
    for gradient in gradients:
        total += (norm(gradient) - target) ** 2
    return total / len(gradients)


def pixel_penalty(gradients: Sequence[Sequence[Matrix]], target: float) -> float:
    """The authors' code: E[(‖∇D at a pixel‖ - target)²] over samples and pixels; gradients[sample][channel][row]."""
    total, pixels = 0.0, 0
    for sample in gradients:
        for i in range(len(sample[0])):
            for j in range(len(sample[0][0])):
                total += (norm([channel[i][j] for channel in sample]) - target) ** 2
                pixels += 1
    return total / pixels


def simplex_interpolation(alpha: Vector, codes: Matrix) -> list[float]:
    """Section 3.2: (α_1 e_1 + ... + α_k e_k) / Σ α_i."""
    mixed = []
    for j in range(len(codes[0])):
        total = 0.0
        for i in range(len(alpha)):
            total += alpha[i] * codes[i][j]
        mixed.append(total / math.fsum(alpha))
    return mixed


def ratio_of_uniforms(w: float) -> float:
    """P(α_1 / (α_1 + α_2) ≤ w) for α_1, α_2 uniform on [0, 0.5]."""
    return w / (2 * (1 - w)) if w <= 0.5 else 1 - (1 - w) / (2 * w)


def share_of_shell(r: float, d: int, inner: float, outer: float) -> float:
    """Section 3.2: the volume between the spheres of radius inner and r, of that between inner and outer."""
    with localcontext(EXACT):
        a, b = Decimal(inner) ** d, Decimal(outer) ** d
        return float((Decimal(r) ** d - a) / (b - a))


def shell_radius(u: float, d: int, inner: float, outer: float) -> float:
    """The radius inside which lies a share u of the shell's volume: the inverse of :func:`share_of_shell`."""
    with localcontext(EXACT):
        a, b = Decimal(inner) ** d, Decimal(outer) ** d
        return float((a + Decimal(u) * (b - a)) ** (Decimal(1) / Decimal(d)))


def r_score(f_xx: Vector, f_xrec: Vector) -> float:
    """Eq. 5: ‖f(x, x) - f(x, G(E(x)))‖_1."""
    total = 0.0
    for j in range(len(f_xx)):
        total += abs(f_xx[j] - f_xrec[j])
    return total


def a_score(r: float, mu: float, sigma: float) -> Decimal:
    """Eq. 6: exp(-(R - μ)² / 2σ²) / (σ √(2π))."""
    with localcontext(EXACT):
        exponent = -((Decimal(r) - Decimal(mu)) ** 2) / (2 * Decimal(sigma) ** 2)
        return exponent.exp() / (Decimal(sigma) * (2 * PI).sqrt())


def log(a: Decimal) -> float:
    """The natural logarithm of a density."""
    with localcontext(EXACT):
        return float(a.ln())


def moments(r: Vector) -> tuple[Decimal, Decimal]:
    """μ and σ of Eq. 6: the mean of R over the training data and the root of its variance."""
    with localcontext(EXACT):
        mu = Decimal(0)
        for value in r:
            mu += Decimal(value) / len(r)
        variance = Decimal(0)
        for value in r:
            variance += (Decimal(value) - mu) ** 2 / len(r)
        return mu, variance.sqrt()


def p_value(score: float, calibration: Vector) -> float:
    """Vovk et al. 2005: (1 + #{c_i ≤ s}) / (m + 1)."""
    count = 1
    for c in calibration:
        if c <= score:
            count += 1
    return count / (len(calibration) + 1)


def pair_statistics(f_xx: Sequence[Matrix], f_xrec: Sequence[Matrix], floor: float) -> list[list[float]]:
    """v(x) of one layer and sample, channels of (places): log mean |Δ|, mean and spread of f(x, x), each by channel."""
    logs, means, spreads = [], [], []
    for same, other in zip(f_xx, f_xrec, strict=True):
        places = [
            (a, b) for row, second in zip(same, other, strict=True) for a, b in zip(row, second, strict=True)
        ]
        logs.append(math.log(sum(abs(a - b) for a, b in places) / len(places) + floor))
        mean = sum(a for a, _ in places) / len(places)
        means.append(mean)
        spreads.append(math.sqrt(sum((a - mean) ** 2 for a, _ in places) / len(places)))
    return [logs, means, spreads]


def mahalanobis(v: Vector, mean: Vector, precision: Matrix) -> float:
    """(v - m)ᵀ S⁻¹ (v - m)."""
    total = 0.0
    for i in range(len(v)):
        for j in range(len(v)):
            total += (v[i] - mean[i]) * precision[i][j] * (v[j] - mean[j])
    return total


def rotation_surprise(logits: Matrix) -> float:
    """-Σ_T log p(T | T x): row T holds the logits for the pair rotated by T."""
    total = 0.0
    for t, row in enumerate(logits):
        total -= row[t] - math.log(sum(math.exp(value) for value in row))
    return total


def inverse_and_determinant(a: Matrix) -> tuple[list[list[float]], float]:
    """Of a positive definite matrix, by Gauss and Jordan; no pivoting is needed there."""
    n = len(a)
    rows = [[*a[i], *(1.0 if i == j else 0.0 for j in range(n))] for i in range(n)]
    determinant = 1.0
    for i in range(n):
        pivot = rows[i][i]
        determinant *= pivot
        for j in range(2 * n):
            rows[i][j] /= pivot
        for other in range(n):
            factor = rows[other][i]
            if other != i:
                for j in range(2 * n):
                    rows[other][j] -= factor * rows[i][j]
    return [row[n:] for row in rows], determinant


def mixture_density(point: Vector, weights: Vector, means: Matrix, covariances: Sequence[Matrix]) -> Decimal:
    """Σ_m w_m exp(-(x - μ_m)ᵀ Σ_m⁻¹ (x - μ_m) / 2) / √((2π)^n det Σ_m)."""
    n = len(point)
    with localcontext(EXACT):
        total = Decimal(0)
        for m in range(len(weights)):
            inverse, determinant = inverse_and_determinant(covariances[m])
            distance = 0.0
            for i in range(n):
                for j in range(n):
                    distance += (point[i] - means[m][i]) * inverse[i][j] * (point[j] - means[m][j])
            height = 1 / ((2 * PI) ** n * Decimal(determinant)).sqrt()
            total += Decimal(weights[m]) * height * (Decimal(-distance) / 2).exp()
        return total
