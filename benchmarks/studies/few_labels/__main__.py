"""Run the study: python -m benchmarks.studies.few_labels --out results/few_labels."""

from benchmarks.studies.few_labels.run import main

main()
