"""What the verbs of `kinfold train` share: their common options, and a help that lists what `--set` takes."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import typer
from typer.core import TyperCommand

from kinfold.cli.settings import MODELS, Preset, default_text
from kinfold.cli.signatures import Parameter

#: Characters of a default in a help.
_LONGEST = 40

Output = Annotated[str, typer.Option("-o", "--output", metavar="MODEL", help="The model folder to write.")]
Assignments = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Set a parameter of the model (see below); repeatable."),
]
Config = Annotated[str | None, typer.Option(metavar="FILE.toml", help="Parameters from a file; --set goes before it.")]
Test = Annotated[
    float | None,
    typer.Option(metavar="SHARE", help="Hold out this share of the rows and measure the model on them."),
]
Valid = Annotated[str | None, typer.Option(metavar="FILE", help="Measure the model on this file.")]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on with the training of this model that was stopped (nets only).")
]
Seed = Annotated[int | None, typer.Option(metavar="N", help="Seed of all that is random.")]
Threads = Annotated[int | None, typer.Option(metavar="N", min=1, help="Threads to use.")]


def model_option(task: str) -> Any:
    """Return the option `--model` of a task."""
    names = list(MODELS[task])
    return typer.Option(metavar="NAME", help=f"One of {', '.join(names)}.", show_default=names[0])


class WithParameters(TyperCommand):
    """A command whose help ends with the models of its task: their parameters, read from their source."""

    task: ClassVar[str]

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write what `--set` takes, once a class, and what the models of one class differ in."""
        alike: dict[tuple[str, str], dict[str, Preset]] = {}
        for name, preset in MODELS[self.task].items():
            alike.setdefault((preset.module, preset.name), {})[name] = preset
        for presets in alike.values():
            first = next(iter(presets.values()))
            named = ", ".join(presets) if not first.encoder else "all nets"
            _write(f"Parameters of {named}, for --set, with their defaults", first.own_parameters(), formatter)
            for name, preset in presets.items():
                _write(f"Further parameters of {name}", preset.encoder_parameters(), formatter)
            changed = {name: preset.params for name, preset in presets.items() if preset.params}
            if changed:
                with formatter.section("Where the models differ from these defaults"):
                    formatter.write_dl([(name, _assigned(params)) for name, params in changed.items()])


def _write(title: str, known: Mapping[str, Parameter], formatter: Any) -> None:
    if known:
        with formatter.section(title):
            formatter.write_dl([(f"{p.name}={_short(default_text(p.default))}", p.about) for p in known.values()])


def _short(text: str) -> str:
    """Return a default that fits a line of help; of a long list its beginning."""
    return text if len(text) <= _LONGEST else text[:_LONGEST].rpartition(",")[0] + ",..."


def _assigned(params: Any) -> str:
    return ", ".join(f"{name}={default_text(value)}" for name, value in params.items())
