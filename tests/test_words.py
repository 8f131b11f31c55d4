"""Sentences that keep their templates: through a copy, and in a list."""

import pickle

from core.words import Words, count_words, join_words, translate_all, words


def test_a_sentence_from_another_process_keeps_its_template():
    sent = pickle.loads(pickle.dumps(count_words(2, "{n} file", "{n} files")))
    assert (sent, sent.forms, sent.values) == ("2 files", ("{n} file", "{n} files"), {"n": 2})


def test_a_list_keeps_its_parts():
    def translate(text):
        values = {n: translate(v) if isinstance(v, Words) else v for n, v in text.values.items()}
        return text.forms[0].upper().format_map({n.upper(): v for n, v in values.items()})

    parts = [words("{n} dark", n=1), words("{n} still", n=2), words("{n} cut", n=3)]
    assert join_words(parts) == "1 dark, 2 still, 3 cut"
    assert translate_all(join_words(parts), translate) == "1 DARK, 2 STILL, 3 CUT"
    assert join_words(parts[:1]) is parts[0] and join_words([]) == ""
