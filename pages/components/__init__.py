"""Browser components: JavaScript and CSS files, each with the Python function that draws it.

The JavaScript modules import each other. Streamlit takes one text for a component: its modules are
joined in the order of their imports.
"""

import json
import posixpath
import re
from collections.abc import Set
from pathlib import Path
from typing import Any

import streamlit as st

from pages.locale import ENGLISH, LANGUAGES, read_messages

_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.[^"]+)"\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:const|class|(?:async )?function) (\w+))", re.MULTILINE)
_CATALOGUES = re.compile(r"(?<=const CATALOGUES = )\{\}")  # in words.js
_MODULE = "const {{ {names} }} = (function () {{\n{text}return {{ {names} }}\n}})()\n"


def read_asset(name: str) -> str:
    """Return the text of a JavaScript or CSS file of this folder."""
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def join_modules(name: str) -> str:
    """Return a JavaScript module after all that it imports, each once and in a scope of its own."""
    joined: dict[str, str] = {}

    def add(file: str) -> None:
        if file in joined:
            return
        text = read_asset(file)
        for imported in _IMPORT.findall(text):
            add(posixpath.normpath(posixpath.join(posixpath.dirname(file), imported)))
        text, names = _IMPORT.sub("", text), ", ".join(_EXPORT.findall(text))
        joined[file] = _MODULE.format(names=names, text=_EXPORT.sub("", text)) if names else text

    add(name)
    catalogues = _catalogues_for({f"pages/components/{file}" for file in joined})
    return _CATALOGUES.sub(lambda _: catalogues, "\n".join(joined.values()))


def _catalogues_for(files: Set[str]) -> str:
    """Return, as JSON, the texts of these files by language and English text; one about a number
    has a list of its plural forms."""
    return json.dumps(
        {
            language: {
                message.id if isinstance(message.id, str) else message.id[0]: message.string
                for message in read_messages(language)
                if message.string and any(file in files for file, _ in message.locations)
            }
            for language in LANGUAGES
            if language != ENGLISH
        },
        ensure_ascii=False,
    )


def register_component(name: str, html: str = "") -> Any:
    """Register the component of NAME.js and, if it exists, NAME.css; return its draw function."""
    css = read_asset(f"{name}.css") if (Path(__file__).parent / f"{name}.css").exists() else None
    return st.components.v2.component(
        name, html=html or None, css=css, js=join_modules(f"{name}.js")
    )


def component_state(key: str, name: str) -> Any:
    """Return a value that a component has set in the browser; None before."""
    return (st.session_state.get(key) or {}).get(name)
