"""Brings the catalogues of pages/locale up to date with the literals of the code.

    python -m tests.support.catalogues

Keeps every translation whose English text is still there; a new text is left empty, for a
translator. Prints how many texts each language lacks.
"""

from collections.abc import Iterator
from pathlib import Path

from babel.core import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from pages.locale import read_messages

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "pages" / "locale"
FUNCTIONS = {"t": None, "tn": (2, 3), "mark": None, "words": None, "count_words": (2, 3)}
METHODS = [("**.py", "python"), ("**.js", "javascript")]
LINE_CHARS = 100


def read_code() -> Catalog:
    """Return the texts of the code with their files, without translations."""
    found = Catalog()
    for place, _, text, comments, _ in sorted(_extract(), key=lambda one: one[:2]):
        found.add(text, locations=[(place, None)], auto_comments=comments)
    return found


def _extract() -> Iterator[tuple[str, int, str | tuple[str, ...], list[str], str | None]]:
    for folder in ("core", "pages"):
        for place, *rest in extract_from_dir(
            ROOT / folder,
            METHODS,
            keywords=FUNCTIONS,
            comment_tags=("Translators:",),
            strip_comment_tags=True,
        ):
            yield (f"{folder}/{place}", *rest)


def update(language: str) -> Catalog:
    """Return a language's catalogue with the texts of the code and its translations of them."""
    path = FOLDER / f"{language}.po"
    known = read_messages(language) if path.exists() else Catalog()
    updated = Catalog(Locale.parse(language), fuzzy=False)
    for message in read_code():
        if not message.id:
            continue
        before = known.get(message.id)
        updated.add(
            message.id,
            before.string if before else None,
            message.locations,
            auto_comments=message.auto_comments,
        )
    return updated


def list_missing(catalogue: Catalog) -> list[str]:
    """Return the English texts that a catalogue has no translation of, in every plural form."""
    return [
        str(message.id)
        for message in catalogue
        if message.id and not (all(message.string) if message.pluralizable else message.string)
    ]


def main() -> None:
    """Update each language's catalogue, those that are only begun, too."""
    for language in sorted(path.stem for path in FOLDER.glob("*.po")):
        catalogue = update(language)
        with (FOLDER / f"{language}.po").open("wb") as file:
            write_po(
                file,
                catalogue,
                LINE_CHARS,
                include_lineno=False,
                sort_by_file=True,
                omit_header=True,
            )
        print(f"{language}: {len(list_missing(catalogue))} of {len(catalogue)} texts to translate")


if __name__ == "__main__":
    main()
