"""What is done: the profiles, the forward models that are varied, and the cases of the guard."""

from dataclasses import dataclass, field

from benchmarks.studies.impedance.data import USUAL, Seismics


@dataclass(frozen=True)
class Profile:
    """How much is done. Two trainings on few traces are compared at equal n_epochs."""

    seeds: int = 5
    noises: tuple = (0.0, 0.2)
    counts: tuple = (1, 2, 5, 10, 20, 50)
    source_epochs: int = 60
    target_epochs: int = 300
    patience: int = 60
    omegas: tuple = (0.3, 1.0)
    n_source_train: int = 450
    n_simulated: int = 2721
    n_timepoints: int = 550  # of simulated traces
    network: str = "causal"
    dropout: float = 0.2
    learning_rate: float = 1e-3
    variants: tuple | None = None  # names; None: all
    guarded: int = 3  # seeds of the guard


#: What decides on a single training; the other fields say how many there are.
DECIDES = (
    "source_epochs", "target_epochs", "patience", "omegas", "n_source_train", "n_simulated",
    "n_timepoints", "network", "dropout", "learning_rate",
)  # fmt: skip

PROFILES = {
    "standard": Profile(),
    "quick": Profile(seeds=2, counts=(5,), source_epochs=30, variants=(), guarded=1),
    "tiny": Profile(
        seeds=2, counts=(2, 5), source_epochs=2, target_epochs=3, omegas=(1.0,),
        n_source_train=20, n_simulated=192, n_timepoints=60, network="noncausal",
        variants=("reversed",), guarded=1,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Variant:
    """The five traces under other conditions.

    Parameters
    ----------
    words : str
        What is other.
    source, target : Seismics
        How the traces are made.
    preset : str, optional
        Another network.
    trained : dict
        Other parameters of the trainings on five traces.
    seeds : int
        How many seeds at most.
    source_epochs : int
        Epochs of pre-training, where the source's network is another one.
    """

    words: str
    source: Seismics = USUAL
    target: Seismics = USUAL
    preset: str | None = None
    trained: dict = field(default_factory=dict)
    seeds: int = 1
    source_epochs: int = 20

    @property
    def pretrains(self):
        """Whether the source's network is another one, too."""
        return self.source != USUAL or self.preset is not None


#: The most telling ones first.
VARIANTS = {
    "noncausal": Variant("non-causal network", preset="noncausal", seeds=3),
    "no-dropout": Variant("no dropout on the five traces", trained={"dropout": 0.0}, seeds=3),
    "noncausal-no-dropout": Variant(
        "non-causal, no dropout on the five traces", preset="noncausal",
        trained={"dropout": 0.0}, seeds=3,
    ),
    "reversed": Variant("polarity of the target reversed", target=Seismics(polarity=-1)),
    "target-15": Variant("wavelet of 15 Hz in the target only", target=Seismics(frequency_hz=15)),
    "target-40": Variant("wavelet of 40 Hz in the target only", target=Seismics(frequency_hz=40)),
    "target-8ms": Variant("8 ms in the target only", target=Seismics(dt_s=0.008)),
    "target-no-water": Variant(
        "water layer cut from the target only", target=Seismics(water=False)
    ),
    "no-water": Variant(
        "water layer cut from both", source=Seismics(water=False), target=Seismics(water=False),
        seeds=3,
    ),
    "both-15": Variant(
        "wavelet of 15 Hz in both", source=Seismics(frequency_hz=15),
        target=Seismics(frequency_hz=15),
    ),
    "both-40": Variant(
        "wavelet of 40 Hz in both", source=Seismics(frequency_hz=40),
        target=Seismics(frequency_hz=40),
    ),
    "both-8ms": Variant(
        "8 ms in both", source=Seismics(dt_s=0.008), target=Seismics(dt_s=0.008)
    ),
}  # fmt: skip

#: Sources between which the guard decides: how the target's polarity is, and whether the source's
#: kernels are shuffled, which makes it useless by construction.
GUARD = {
    "the source as it is": (1, False),
    "target of reversed polarity": (-1, False),
    "source with shuffled kernels": (1, True),
}
