"""The `kinfold` command: from arguments to a verb, from its result to an exit status.

Nothing heavy is imported here: a verb's arguments are imported when the verb is named, and what it does only
once they have been understood.
"""

import difflib
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from inspect import get_annotations
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperGroup
from typer.main import get_command

from kinfold.cli import faults, process


class Verb(NamedTuple):
    """Where a verb's arguments and its work are, and what it does in one line."""

    arguments: str
    work: str
    help: str


#: Verb -> what is imported when it is used.
VERBS = {
    "train classify": Verb(
        "kinfold.cli.arguments.train:TrainClassify",
        "kinfold.cli.train:train_classify",
        "Learn to label texts from a file of labelled texts.",
    ),
    "train regress": Verb(
        "kinfold.cli.arguments.train:TrainRegress",
        "kinfold.cli.regress:train_regress",
        "Learn to tell a number from a text.",
    ),
    "train match": Verb(
        "kinfold.cli.arguments.match:TrainMatch",
        "kinfold.cli.match:train_match",
        "Learn to tell whether two texts belong together.",
    ),
    "train embed": Verb(
        "kinfold.cli.arguments.embed:TrainEmbed",
        "kinfold.cli.embed:train_embed",
        "Learn a vector for each word of some texts.",
    ),
    "evaluate": Verb(
        "kinfold.cli.arguments.evaluate:Evaluate",
        "kinfold.cli.evaluate:evaluate_model",
        "Measure a model on data it has not seen.",
    ),
    "predict": Verb(
        "kinfold.cli.arguments.predict:Predict",
        "kinfold.cli.predict:predict",
        "Label texts from a file or from standard input.",
    ),
    "explain": Verb(
        "kinfold.cli.arguments.explain:Explain",
        "kinfold.cli.explain:explain",
        "Say which words of a text led to its label.",
    ),
    "show": Verb(
        "kinfold.cli.arguments.show:Show",
        "kinfold.cli.show:show",
        "Say what a model is, what it was trained on, how good and how big it is.",
    ),
    "compare": Verb(
        "kinfold.cli.arguments.compare:Compare",
        "kinfold.cli.compare:compare_models",
        "Compare models on the same labelled texts, and refuse to rank a tie.",
    ),
    "curve": Verb(
        "kinfold.cli.arguments.curve:Curve",
        "kinfold.cli.curve:draw_curve",
        "Say what more labelled texts would bring, and whether another model would pay off.",
    ),
    "audit": Verb(
        "kinfold.cli.arguments.audit:Audit",
        "kinfold.cli.audit:audit_split",
        "Say whether a score can be believed: leaks across a split, and models that must fail.",
    ),
    "index": Verb(
        "kinfold.cli.arguments.index:Index",
        "kinfold.cli.index:index_texts",
        "Take texts in, to be searched by words, by vectors, or by both.",
    ),
    "search": Verb(
        "kinfold.cli.arguments.search:Search",
        "kinfold.cli.search:search",
        "Find the texts of an index that fit a query.",
    ),
    "nearest": Verb(
        "kinfold.cli.arguments.nearest:Nearest",
        "kinfold.cli.nearest:nearest",
        "Say which words are nearest to others.",
    ),
    "analogy": Verb(
        "kinfold.cli.arguments.analogy:Analogy",
        "kinfold.cli.analogy:analogy",
        "Say what is to C as B is to A.",
    ),
    "members": Verb(
        "kinfold.cli.arguments.members:Members",
        "kinfold.cli.members:find_members",
        "Find the other members of a class from a few of them.",
    ),
    "rank": Verb(
        "kinfold.cli.arguments.rank:Rank",
        "kinfold.cli.rank:rank_words",
        "Put a list of words in the order of their likeness to a word.",
    ),
    "map": Verb(
        "kinfold.cli.arguments.map:Map",
        "kinfold.cli.map:draw_map",
        "Draw words where near ones are alike, or countries by a word.",
    ),
    "convert vectors": Verb(
        "kinfold.cli.arguments.convert:ConvertVectors",
        "kinfold.cli.convert:convert_vectors",
        "Write word vectors in another format.",
    ),
    "convert stackexchange": Verb(
        "kinfold.cli.arguments.stackexchange:ConvertStackexchange",
        "kinfold.cli.stackexchange:convert_stackexchange",
        "Write questions, answers or pairs of a Stack Exchange dump as JSON lines.",
    ),
    "fetch": Verb(
        "kinfold.cli.arguments.fetch:Fetch",
        "kinfold.cli.fetch:fetch_dataset",
        "Get a public data set: cached, checked, its licence shown.",
    ),
}
#: Words that verbs begin with -> what those verbs have in common.
GROUPS = {"train": "Learn a model from a file.", "convert": "Write something in another format."}

_HELP = "Learn from text on the machine you have: train, evaluate, predict, explain, and ask word vectors."
_SETTINGS = {"help_option_names": ["-h", "--help"]}


class Verbs(TyperGroup):
    """A group whose commands are imported only when they are named."""

    prefix = ""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the next word of every verb below this group."""
        below = (name.removeprefix(self.prefix) for name in VERBS if name.startswith(self.prefix))
        return list(dict.fromkeys(name.split(" ")[0] for name in below))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a verb, or the group of verbs that begin with this word; None if there is neither."""
        name = self.prefix + cmd_name
        if name in VERBS:
            return _command(name)
        return _group(f"{name} ", GROUPS[name]) if name in GROUPS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that `args` begin with, or propose the nearest one."""
        known = self.list_commands(ctx)
        if args[0] not in known and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"one of {', '.join(known)}"
            ctx.fail(f"there is no command {args[0]!r}: {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands from the table alone, so that `--help` imports none of them."""
        rows = [(name, GROUPS.get(name) or VERBS[self.prefix + name].help) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def find(where: str) -> Any:
    """Return what ``module:name`` names."""
    module, name = where.split(":")
    return getattr(import_module(module), name)


def _command(name: str) -> Any:
    arguments = find(VERBS[name].arguments)
    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    # The class is the command: called with the options, it returns the arguments of the verb.
    app.command(name.split(" ")[-1], cls=arguments.command_class, context_settings=_SETTINGS)(arguments)
    made = get_command(app)
    # The verb's own options first, then those it shares; dataclasses have them the other way round.
    order = [field for cls in arguments.__mro__ for field in get_annotations(cls)]
    made.params.sort(key=lambda parameter: order.index(parameter.name))
    return made


def _group(prefix: str, help_text: str) -> Verbs:
    made = Verbs(name=prefix.strip() or "kinfold", help=help_text, no_args_is_help=True, rich_markup_mode=None)
    made.context_settings = _SETTINGS
    made.prefix = prefix
    return made


def _version(asked: bool) -> None:
    if asked:
        from kinfold import __version__

        typer.echo(f"kinfold {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take the options that stand before the verb."""


def command() -> Any:
    """Return the whole command line as a click command."""
    app = typer.Typer(cls=Verbs, rich_markup_mode=None, add_completion=False, context_settings=_SETTINGS)
    app.callback(help=_HELP, no_args_is_help=True)(_root)
    return get_command(app)


def run(argv: Sequence[str]) -> int:
    """Run one command line in this process; return its exit status.

    Whatever happens is told on standard error (with ``--json`` as an object on standard output), and nothing is
    raised but what ends the whole process.
    """
    wish = faults.Wish.of(argv)
    try:
        parsed = command().main(args=list(argv), prog_name="kinfold", standalone_mode=False)
        if parsed is None or isinstance(parsed, int):  # the help or the version was printed
            return int(parsed or 0)
        console = find("kinfold.cli.console:Console")(quiet=parsed.json)
        work: Callable[[Any, Any], Any] = find(VERBS[parsed.verb].work)
        result = work(parsed, console)
        if parsed.json and result is not None:
            console.json(result)
        process.flush()
        return 0
    except BaseException as error:  # the one place where errors become messages and exit statuses
        return faults.tell(error, wish)


def main() -> int:
    """Run the command line of this process; return its exit status."""
    process.prepare()
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
