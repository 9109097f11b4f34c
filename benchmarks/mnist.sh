#!/usr/bin/env bash
# One digit of MNIST as normal, all 10,000 test images: five minutes of training each, no anomaly ever seen.
#   benchmarks/mnist.sh FOLDER [DIGIT ...]     FOLDER holds train.parquet and test.parquet as the hub has them
# Adds a JSON line per digit to benchmarks/results/mnist.jsonl.
set -euo pipefail
data=$(realpath "${1:?usage: benchmarks/mnist.sh FOLDER [DIGIT ...]}")
shift
results=$(realpath "$(dirname "$0")/results/mnist.jsonl")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
ln -s "$data" mnist
for digit in "${@:-0 1 2 3 4 5 6 7 8 9}"; do
    for label in $digit; do
        ama fit mnist/train --normal-label "$label" --max-time 5m --out "digit-$label"
        ama evaluate "digit-$label" mnist/test --normal-label "$label" --append-to results.jsonl
    done
done
cat results.jsonl >> "$results"
