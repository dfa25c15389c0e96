"""The data sets of the catalogue: where each is published, its licence, and how to read it.

Every SHA-256 here is one that others published for the same address (loaders of other libraries, data
cards). A file without one is trusted on first use: `fetch` says so, writes the hash down and holds later
copies to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file of a data set: its name in the cache, its address, and hash and size where they are known."""

    name: str
    url: str
    sha256: str | None = None
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read what `fetch` returned.

    Parameters
    ----------
    format
        What the first file is, in a few words.
    options
        Keyword arguments that make `read_table` read it; empty where it is no table.
    columns
        What the columns or members are.
    """

    format: str
    options: Mapping[str, str | bool] = field(default_factory=dict)
    columns: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """One entry of the catalogue.

    Parameters
    ----------
    name
        What `fetch` is given.
    title, licence, citation
        For people; the licence as far as it is known.
    files
        What is downloaded; `fetch` returns the path of the first, the others lie beside it.
    reading
        How to read the downloaded file.
    local
        Paths of the same data below ``$KINFOLD_DATA``, re-packed; used instead of a download if all exist.
    local_reading
        How to read the first of `local`.
    """

    name: str
    title: str
    licence: str
    citation: str
    files: tuple[RemoteFile, ...]
    reading: Reading
    local: tuple[str, ...] = ()
    local_reading: Reading | None = None

    @property
    def url(self) -> str:
        """The address of the first file."""
        return self.files[0].url

    @property
    def sha256(self) -> str | None:
        """The published SHA-256 of the first file, if there is one."""
        return self.files[0].sha256

    @property
    def bytes(self) -> int | None:
        """The size of all files together, if known of each."""
        sizes = [file.bytes for file in self.files if file.bytes is not None]
        return sum(sizes) if len(sizes) == len(self.files) else None


_TWEETEVAL = "https://raw.githubusercontent.com/cardiffnlp/tweeteval/main/datasets/emoji/"
_MNIST = "https://storage.googleapis.com/cvdf-datasets/mnist/"
_SNAP = "https://snap.stanford.edu/data/wikispeedia/"

_RT_POLARITY = Dataset(
    name="rt-polarity",
    title="Sentence polarity dataset v1.0: 10,662 film review sentences",
    licence="free for research; no formal licence",
    citation="Bo Pang and Lillian Lee, Seeing stars, ACL 2005",
    files=(
        RemoteFile(
            "rt-polaritydata.tar.gz",
            "https://www.cs.cornell.edu/people/pabo/movie-review-data/rt-polaritydata.tar.gz",
            "a05befe52aafda71d458d188a1c54506a998b1308613ba76bbda2e5029409ce9",
            487_770,
        ),
    ),
    reading=Reading("tar.gz, Windows-1252", columns="rt-polarity.pos and .neg, one sentence a line"),
    local=("rt_polarity/rt-polarity.csv.gz",),
    local_reading=Reading("csv", {"text": "text", "label": "label"}, "label 1 positive, 0 negative"),
)

_IMDB = Dataset(
    name="imdb",
    title="Large Movie Review Dataset v1.0: 50,000 labelled and 50,000 unlabelled reviews",
    licence="free for research with citation; no formal licence",
    citation="Andrew Maas and others, Learning word vectors for sentiment analysis, ACL 2011",
    files=(
        RemoteFile(
            "aclImdb_v1.tar.gz",
            "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
            "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",
            84_125_825,
        ),
    ),
    reading=Reading("tar.gz", columns="aclImdb/{train,test}/{pos,neg}/ID_RATING.txt, one review a file"),
    local=("imdb_reviews/train.tsv.gz", "imdb_reviews/test.tsv.gz", "imdb_reviews/unsup.tsv.gz"),
    local_reading=Reading(
        "tsv", {"text": "text", "label": "label", "quoting": "none"}, "id, label (1 positive), rating, text"
    ),
)

_QUORA = Dataset(
    name="quora",
    title="First Quora Dataset Release: 404,290 question pairs",
    licence="Quora's terms of service; non-commercial use",
    citation="Shankar Iyer, Nikhil Dandekar and Kornel Csernai, Quora 2017",
    files=(
        RemoteFile(
            "quora_duplicate_questions.tsv",
            "https://qim.fs.quoracdn.net/quora_duplicate_questions.tsv",
            "b3350dbb1d98db1f5abca85d736ba514bf4da253fae53939303d79fe921ec7c8",
            58_176_133,
        ),
    ),
    reading=Reading(
        "tsv",
        {"left": "question1", "right": "question2", "label": "is_duplicate"},
        "id, qid1, qid2, question1, question2, is_duplicate (1: the same question)",
    ),
    local=("quora_question_pairs/questions.tsv.gz",),
    local_reading=Reading(
        "tsv",
        {"left": "question1", "right": "question2", "label": "is_duplicate", "quoting": "none"},
        "id, qid1, qid2, question1, question2, is_duplicate (1: the same question)",
    ),
)

_TWEETEVAL_EMOJI = Dataset(
    name="tweeteval-emoji",
    title="TweetEval emoji (SemEval-2018 Task 2): 100,000 tweets, 20 emoji",
    licence="no formal licence; tweets under Twitter's terms",
    citation="Francesco Barbieri and others, TweetEval, Findings of EMNLP 2020",
    files=tuple(
        RemoteFile(name, _TWEETEVAL + name, sha256, size)
        for name, sha256, size in (
            ("train_text.txt", "eacb6b0ee1fe2803d72a009c2e731fe07659f604318a979951d2f07c23c564a1", 3_353_167),
            ("train_labels.txt", "daee7da826683dbfa50ad3a29c60bc527e498f06c70eabee3745a99cc37ab3a5", 102_760),
            ("val_text.txt", "3bc3742d6af404cea792671878684d110f3bc02fd79a2e34643789a521d81a26", 341_079),
            ("val_labels.txt", "21ba456f688668d049ff0fb1fa04469ee684cf4e2467c71d2c3fe5ca2ba1bd1a", 11_379),
            ("test_text.txt", "e4de11de1597842c431dd67868e83322f5a432564dfd8558889ed8ac6a1a5e09", 3_705_901),
            ("test_labels.txt", "c1662b84788f36674ab8f0106f3e2e7d3e258ddf4959086ac7cc75b1e68dd1f6", 114_435),
            ("mapping.txt", None, None),
        )
    ),
    reading=Reading("text lines", {"format": "text"}, "one tweet a line; its label stands in the labels file"),
    local=tuple(
        f"tweeteval_emoji/{name}"
        for name in (
            "train_text.txt.gz",
            "train_labels.txt",
            "val_text.txt.gz",
            "val_labels.txt",
            "test_text.txt.gz",
            "test_labels.txt",
            "mapping.txt",
        )
    ),
    local_reading=Reading("text lines", {"format": "text"}, "one tweet a line; labels in the labels file"),
)

_SST2 = Dataset(
    name="sst2",
    title="Stanford Sentiment Treebank, two classes, as in GLUE: 67,349 phrases and 872 + 1,821 sentences",
    licence="free for research; no formal licence",
    citation="Richard Socher and others, Recursive deep models, EMNLP 2013; Alex Wang and others, GLUE, 2018",
    files=(
        RemoteFile(
            "SST-2.zip",
            "https://dl.fbaipublicfiles.com/glue/data/SST-2.zip",
            "d67e16fb55739c1b32cdce9877596db1c127dc322d93c082281f64057c16deaa",
            7_439_277,
        ),
    ),
    reading=Reading(
        "zip of tsv",
        {"text": "sentence", "label": "label", "quoting": "none", "member": "SST-2/train.tsv"},
        "sentence, label (1 positive); the test part has no labels",
    ),
    local=("sentence_classification/sst2.phrases.train.tsv.gz",),
    local_reading=Reading(
        "tsv",
        {"text": "1", "label": "2", "quoting": "none", "header": False},
        "67,349 phrases, label (1 positive); no header, columns by number",
    ),
)

_MNIST_DIGITS = Dataset(
    name="mnist",
    title="MNIST: 70,000 handwritten digits of 28 x 28 pixels",
    licence="usually stated as CC BY-SA 3.0",
    citation="Yann LeCun, Corinna Cortes and Christopher Burges, The MNIST database",
    files=tuple(
        RemoteFile(name, _MNIST + name, sha256, size)
        for name, sha256, size in (
            (
                "train-images-idx3-ubyte.gz",
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                9_912_422,
            ),
            (
                "train-labels-idx1-ubyte.gz",
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                28_881,
            ),
            (
                "t10k-images-idx3-ubyte.gz",
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                1_648_877,
            ),
            (
                "t10k-labels-idx1-ubyte.gz",
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                4_542,
            ),
        )
    ),
    reading=Reading("idx, gzip", columns="big-endian header, then one byte a pixel"),
    local=tuple(
        f"mnist/{part}-ubyte.gz"
        for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    ),
    local_reading=Reading("idx, gzip", columns="big-endian header, then one byte a pixel"),
)

_TEXT8 = Dataset(
    name="text8",
    title="text8: the first 100,000,000 characters of a cleaned English Wikipedia",
    licence="Wikipedia text: CC BY-SA 3.0 and GFDL",
    citation="Matt Mahoney, Large Text Compression Benchmark",
    files=(
        RemoteFile(
            "text8.zip",
            "https://mattmahoney.net/dc/text8.zip",
            "a6640522afe85d1963ad56c05b0ede0a0c000dddc9671758a6cc09b7a38e5232",
            31_344_016,
        ),
    ),
    reading=Reading("zip", {"format": "text"}, "text8: one line of lower-case words and single spaces"),
)

_GLOVE = Dataset(
    name="glove-6b",
    title="GloVe 6B: 400,000 word vectors in 50, 100, 200 and 300 dimensions",
    licence="PDDL 1.0",
    citation="Jeffrey Pennington, Richard Socher and Christopher Manning, GloVe, EMNLP 2014",
    files=(
        RemoteFile(
            "glove.6B.zip",
            "https://nlp.stanford.edu/data/glove.6B.zip",
            "617afb2fe6cbd085c235baf7a465b96f4112bd7f7ccb2b2cbd649fed9cbcf2fb",
            862_182_613,
        ),
    ),
    reading=Reading("zip of text", columns="glove.6B.{50,100,200,300}d.txt: a word and its numbers a line"),
    local=("glove_6b_100d_top50k/glove.6B.100d.top50k.txt.gz",),
    local_reading=Reading("text, gzip", columns="the 50,000 most frequent words, 100 dimensions"),
)

_WIKISPEEDIA = Dataset(
    name="wikispeedia",
    title="Wikispeedia: 4,604 Wikipedia articles for schools and the 119,882 links between them",
    licence="article texts GNU FDL; graph free for research with citation",
    citation="Robert West, Joelle Pineau and Doina Precup, Wikispeedia, IJCAI 2009",
    files=(
        RemoteFile(
            "wikispeedia_paths-and-graph.tar.gz",
            _SNAP + "wikispeedia_paths-and-graph.tar.gz",
            "97697096f5d2dcb77aa69e3992305c6c561de89edb9fb10b5ad9feaf8ba534d5",
            9_901_821,
        ),
        RemoteFile(
            "wikispeedia_articles_plaintext.tar.gz",
            _SNAP + "wikispeedia_articles_plaintext.tar.gz",
            "8e43d12822d05746a59f7de8987ffd6eafa57d248303d1c02cfe85b519359dc1",
            35_844_149,
        ),
    ),
    reading=Reading("tar.gz of tsv", columns="links.tsv: source, target; articles.tsv; categories.tsv"),
    local=tuple(f"wikispeedia/{name}.gz" for name in ("links.tsv", "articles.tsv", "categories.tsv", "articles.jsonl")),
    local_reading=Reading("tsv", columns="source, target; comment lines start with #"),
)

_TINYSHAKESPEARE = Dataset(
    name="tinyshakespeare",
    title="Tiny Shakespeare: 40,000 lines of his plays",
    licence="public domain",
    citation="Andrej Karpathy, char-rnn, 2015",
    files=(
        RemoteFile(
            "input.txt",
            "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
            "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
            1_115_394,
        ),
    ),
    reading=Reading("text", {"format": "text"}, "plain ASCII text"),
    local=("shakespeare/tinyshakespeare.txt.gz",),
    local_reading=Reading("text, gzip", {"format": "text"}, "plain ASCII text"),
)

DATASETS: dict[str, Dataset] = {
    entry.name: entry
    for entry in (
        _RT_POLARITY,
        _IMDB,
        _QUORA,
        _TWEETEVAL_EMOJI,
        _SST2,
        _MNIST_DIGITS,
        _TEXT8,
        _GLOVE,
        _WIKISPEEDIA,
        _TINYSHAKESPEARE,
    )
}
