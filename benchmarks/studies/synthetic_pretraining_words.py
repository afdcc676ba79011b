"""What the page of pre-training on generated series says around its tables."""

TRAININGS = {"published": "Published training", "to its end": "Trained to its end"}

ANSWERS = {
    False: "`SyntheticPretraining` does not join the candidates of `AutoTransfer`, as far as this "
    "was run: {facts}.",
    True: "`SyntheticPretraining` has earned a place among `AutoTransfer`'s candidates: {facts}.",
}

TEXT = """# Does pre-training on made series help? Nine UEA problems

The published experiment reports up to 37.5 % more F1 by pre-training a CNN or an RNN on the
series of a GAN (see [Pre-train on generated series](../synthesis.md)). Here the same is done on
the nine problems of the UEA archive at hand, with what the experiment lacked: controls that see
nothing new. What of the plan has been run:

{coverage}

Written by `python -m benchmarks.studies.synthetic_pretraining_page` from the records
of the commands below ({n_fits} fits, in
[synthetic_pretraining_records.csv](synthetic_pretraining_records.csv)).

## When does made data help?

Macro F1 on the official test set, one pair a problem, network and repeat. Gain and p-value (t,
Welch or Wilcoxon, by the assumption checks; Holm over the whole table). "Free generators" is the
mean of augmentation, mixup and class mean. Made data helps where it gives significantly more than
both more training and copies do; "not shown" is no proof that it does not, least of all where
pairs are few. Below five pairs no test is made.

{answers}

{decision}

![Gain of each method, by problem](images/synthetic_pretraining.svg)

Each point is a mean over networks and repeats.

## What was run

```bash
python -m benchmarks.studies.synthetic_pretraining --profile uea --shared ../shared
python -m benchmarks.studies.synthetic_pretraining --profile "uea converged" --shared ../shared
python -m benchmarks.studies.synthetic_pretraining_page results/synthetic_pretraining
```

The commands continue where they were stopped; {left_out} fits of what is not complete are left
out of this page. The fits shown took {hours} hours of a busy core, 28 November 2026.

| method | what it is |
| --- | --- |
| no pre-training | the network on the real training set |
| more training | the same with three times the epochs and patience, as pre-training has |
| copies | pre-trained on copies of training series |
| noise | pre-trained on white noise of each channel's mean and deviation, whatever the label |
| augmentation, mixup, class mean | pre-trained on the samples of generators that cost nothing |
| WGAN-GP | pre-trained on the samples of a conditional GAN (300 steps, fitted on 0.9) |

All have the same split (a fifth for validation), first weights and hyperparameters: learning rate
1e-3, twice as many made series as real ones. Published training: 10 epochs, batches of a fifth of
the training set. To its end: at most 100 epochs, ended by 10 without a lower validation loss,
batches of a tenth. Networks: InceptionTime with 8 filters (published: 32) and an LSTM of two
layers of 64. Of the published grid this is one value of each setting (share 0.9, multiple 2,
batch ratio 0.2, 10 epochs, rate 1e-3); `--profile paper` has all.

{problems}

PenDigits has 7,494 training instances; 320 are drawn by each repeat, in proportion to the
classes. JapaneseVowels is completed with zeros to 29 time points. MiniRocket takes nine time
points or more, so the eight of PenDigits are continued by their last.

{sections}

## How to read it

- Shapiro-Wilk tests whether the differences are normal, Levene whether the variances are equal.
  The paired t decides where both hold, Welch's where variances differ, Wilcoxon's signed ranks
  where the differences are not normal; p-values of a table are corrected together (Holm).
- Pairs of one problem are not independent, so that the tests over all pairs are too sure; the
  table of the means of problems is not, but has few of them.
- The test sets are scored once a fit, and choose nothing.
"""
