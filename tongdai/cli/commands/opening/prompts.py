"""`tongdai queue prompts`."""

import click

from tongdai.cli.tables import json_option, show
from tongdai.queues.prompts.model import language_named
from tongdai.queues.settings.model import LANGUAGES


@click.command
@click.option("--language", type=click.Choice(LANGUAGES), default="vi", show_default=True, help="The language.")
@json_option
def prompts(language: str, as_json: bool) -> None:
    """List what to record for announcements.

    Each part is a file, with the words that are said in it.

    \b
    Example:
      tongdai queue prompts --language vi
    """
    rows = [{"part": part, "words": words} for part, words in language_named(language).parts.items()]
    show(["part", "words"], rows, as_json=as_json)
