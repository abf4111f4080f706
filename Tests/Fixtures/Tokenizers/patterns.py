"""Asks the tokenizers library, whose engine is Oniguruma, where regular expressions are found: patterns.json.

    python3 -m venv venv && venv/bin/pip install tokenizers==0.23.3
    venv/bin/python Tests/Fixtures/Tokenizers/patterns.py

The expressions are those of public tokenizers and one for each thing that can be written; the texts are hard ones and
seeded mixtures. For each expression the file holds, text by text, the text with U+E000 for every match.
"""

import json
import pathlib
import random

from tokenizers import Regex, normalizers

here = pathlib.Path(__file__).parent

CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
TAIL = r"|\s*[\r\n]+|\s+(?!\S)|\s+"
PUBLIC = [
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    CONTRACTION + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*" + TAIL,
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+" + CONTRACTION
    + r"?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*" + CONTRACTION
    + r"?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + TAIL,
    r"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+|\p{N}{1,3}" + TAIL,
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*" + TAIL,
    r"[一-龥぀-ゟ゠-ヿ]+", r"\p{N}{1,3}", r"[0-9][0-9][0-9]", r" ?[^(\s|[.,!?…。，、।۔،])]+", r"\s?\p{L}+|\s?\p{P}+",
]
PARTS = [
    "a$", "^a", r"\Aa", r"a\z", r"a\Z", "a.", "(?m)a.", "a|", "x*", "a*?b", "a+?", "a??b", "a{2}", "a{,2}", "a{2,}", "a{1,2}?",
    "a{2}+", "a++a", "a++b", "a?+a", "(?>a|ab)c", "(?>a+)b", "(?:ab|a)c", "(ab|a)(c|bcd)", "(?<n>a)b", "(?#no)a", "(?i)AB",
    "a(?i)b|c", "(?i:a(?-i:b))", "(?=ab)a", "(?!ab)a", "(?<=a)b", "(?<!a)b", "(?<=a|bc)d", "(?<!a|bc)d", r"\bab\b", r"\Ba", "[^a]",
    "[a-c&&[^b]]+", "[]a]+", r"[\]\-a]+", "[a~-]+", "[[:alpha:]]+", r"\p{^L}+", r"\P{L}+", r"\h+", r"\H+", r"\d+", r"\D+", r"\w+", r"\W+",
    r"\s+", r"\S+", r"[\w]+", r"[^\W\d]+", r"\x{61}+", r"\x61b", r"\u0061", r"\t|\n|\v|\f|\r|\e|\a", r"\.", r"\/", r"\$\^", "a{b", "(a*)*b",
    "a{2}?b", "a{1}{2}", "[:;]+", "[:.!?]+", "[+--/]+", "[!--]+", "[--/]+", "[a-]+b", "[-a]+", "[a\\-z]+", "(?i)in", "(?i)s", "a*", "b*?",
    r"(?=(\d{3})+(?!\d))", r"(?<=a)(?=b)", r"\b", "$", "^", "[a&&b]", "[^a-c]*", "[a-c[x-z]]+", "[#&]+", "[{}]+", "[ \n]+", "x{0}", "(?:a|b)*",
    "(a+)+$", "(a|aa)+$", "(a|b|ab)*c", "(x+x+)+y", r"\p{Lu}\p{Ll}*", r"\p{Greek}+", "é+", "(?i)é+", "(?i)σ", "(?i)[a-c]+", "(?i)k", "",
]

TEXTS = [
    "", "a", "b", "aab\nba\nca\n", "abcabcabd bcd adc", "ab cab ab", "aaaa", "aaab", "xaxxyb", "a]b-c~d[e", "AbaBABab", "12 ab3½ ²٣ x1F",
    "it's I'M WE'LL don’t 'ſ", "  a  \n\n b\r\n\tc  ", "Hello, World! 123456 (x)\n\n  y", "漢字かなカナ中文 a1", "ΣΊΣΥΦΟΣ σς k K K Å", "é É e\u0301 ǅ ß ﬁ",
    "\u0007\u001b\u000b\u000c\t", "$^. /{2} a{b", "foo_bar-baz.qux//", "السَّلامُ नमस्ते สวัส 한국", "👩\u200d👧 🇫🇷", "aaaaaaaaaaaaaaaaaaaab", "xxxxxxxxxxxxxxxxxxxx",
]


# Stands for a match, the empty ones too, and in no text.
MARK = "\ue000"


def main():
    draw = random.Random(4)
    pieces = ["a", "b", "ab", "A", "x", " ", "\n", "1", "é", "漢", "'s", "!", "."]
    texts = TEXTS + ["".join(draw.choices(pieces, k=draw.randint(2, 14))) for _ in range(30)]
    found = []
    for expression in PUBLIC + PARTS:
        replace = normalizers.Replace(Regex(expression), MARK)
        found.append([expression, [replace.normalize_str(text) for text in texts]])
    lines = ",\n".join(" " + json.dumps(entry) for entry in found)
    (here / "patterns.json").write_text('{"texts": ' + json.dumps(texts) + ', "found": [\n' + lines + "\n]}\n")


if __name__ == "__main__":
    main()
