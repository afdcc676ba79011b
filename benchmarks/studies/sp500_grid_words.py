"""The words of the page of the S&P 500 as a target of the published grid."""

ROW = "{} from {}"
SCATTER = (
    "Test errors of single trainings at 1,500 instances, of all ω, sources and reruns shown, "
    "smallest, median and largest: {}."
)
VERDICTS = {
    True: "**No network here is better than the last value.**",
    False: "**The best network here is better than the last value.**",
}
FAIR = {
    "omega = 1": "with ω = 1 for all, so without a choice, in {wins} of {n}",
    "best-of-k references": "against the best of as many trainings from scratch, both chosen by "
    "validation, in {wins} of {n}",
}
NOT_YET = "as many trainings from scratch as ω have not been run yet."
TEXT = """# The published grid on the S&P 500

Otović et al. (2022) transferred four networks from five other datasets to the S&P 500: 50 daily
closes in, the next one out, 1,500 or 9,000 training instances, ten learning-rate multipliers ω,
seven reruns. Here the same is done on the same years of the same index, with sources that come
with sktl: real ones of the source's domain where there are any (spoken words, EMG), otherwise
networks trained on simulated data, which their names say. The authors pre-trained on the real
datasets.

- Transfer is better than training from scratch in {wins} of {n_cells} cells (network, source and
  size) by the paper's protocol, which takes ω by the test score, and in {honest_wins} with ω by
  validation. Both take the best of ten against one. With equal chances:
  {fair}
- {verdict} "Tomorrow is as today" errs by {last} dollars; the best mean of
  a network and source here is {nearest} ({nearest_who}),
  {times} times as much. The best single one of all the authors' networks on this target and
  these sizes has {paper_best}.

What of the plan has been run, and what of it the tables show (a rerun counts once all ω, sources
and its reference are there, so that everything is compared on the same instances):

{coverage}

{left_out} fits that complete no rerun yet are left out. The fits took {hours} hours of a core,
which was shared with other work.

![Mean absolute error of every rerun](images/sp500.svg)

One point a training from scratch, or a rerun and source (transfer: the paper's by its protocol,
ours by validation), 1,500 training instances. Line: the last value.

## Against the last value

Mean absolute error in dollars on the test years. `linear` and `MiniRocket` are ridge models
on the same training instances; `constant` is their median.

{last_value}

The parts follow each other in time: the training years end in 1991, below 397 dollars; the
validation years reach 1,527 and the test years (2005 to 2018) 2,931. The networks see each instance
scaled to 0..1 over its own range, with its level as one number beside (the stream max), and must
continue from that number alone what they learnt at a fifth of the prices. What tells one network
or ω from another here is probably how well it extrapolates the level, and little of it forecasting:
single trainings of one network scatter widely ([below](#controls)). The linear model and the last
value have the level in front of them. Networks whose target is in the
unit of the instance (`target_scaling="instance"`, [Transfer](../transfer.md)) start from the last
value; they are no part of this grid.

## Paper and repetition, source by source

Mean absolute error in dollars (lower is better), means of the reruns; in brackets the mean of the
reruns' gains over the reference of the same rerun (positive: transfer is better). The paper's
numbers are computed from the authors' raw results. They published no validation scores: the honest
choice among theirs is the ω that was best in the other reruns. Rerun 6 of theirs is at chance level
in all its models; it is contained in this table as in the paper, and left out of some
[controls](#controls).

{cells}

## Each source over all networks

Mean gain over the networks and reruns shown, and Wilcoxon signed-rank tests on the raw scores, with
the p-values of a column corrected as one family (Benjamini, Krieger and Yekutieli), as in the
paper's Table 7. The paper's n is 28: four networks and seven reruns. Below an n of six no such test
can be significant.

{by_source}

## Controls

Cells in which the mean of transfer is better. `omega = 1`: no choice at all. `best-of-k
references`: of scratch, too, the best of as many is taken. `null`: what the protocol gives where
"transfers" are drawn from the references themselves, so that there is no gain to find; it needs
several reruns.

{controls}

{scatter}

## How the repetition differs from the original

- Sources: see above. The best of ten pre-trainings was taken there; here the bundled one.
- Both sides use the network's variant for this target. The original trained its ConvNetQuake INGV
  with another initialisation and penalty in pre-training than in reference and transfer, one reason
  for its error from scratch.
- The stream max and the targets are standardised by the training instances (there: raw dollars),
  no batch is dropped, dropout is off at prediction.
- Epochs, patience, batch size, learning rate, optimizer, split in time (70/15/15) and windows are
  those of the paper.

## Go on, or repeat it

```bash
export SKTL_MIRROR=FOLDER   # holds GSPC.csv, see the datasets' page
sktl grid --profile paper --data real --targets "S&P 500" --sizes 1500 --out results/sp500 \\
  --architectures ConvNetQuakeINGV MagNet TCN --references 10 \\
  --loaded LOMAX-simulated LEN-DB-simulated STEAD-simulated DSPSpeech-20 EMG-Roshambo
python -m benchmarks.studies.sp500_grid_page results/sp500
```

The first command goes on where it was stopped, on any number of cores; `--sizes 9000` is the
second half. `--references 10` trains as many networks from scratch as there are ω (the paper has
one, and the tables take the first). With all six datasets at hand, `--sources` in place of
`--loaded` pre-trains as the paper did. The second writes this page from the records ({n_fits} fits
shown, in [sp500_records.csv](sp500_records.csv)); it needs the authors' results as one table
(`--published`).
"""
