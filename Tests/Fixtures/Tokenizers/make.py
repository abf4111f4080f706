"""Makes small made-up tokenizers with the rules of real families, and what the tokenizers library does with texts.

    python3 -m venv venv && venv/bin/pip install tokenizers==0.22.2
    venv/bin/python Tests/Fixtures/Tokenizers/make.py

texts.json holds the texts, hard ones by hand and seeded random ones. Each folder gets tokenizer.json, with a vocabulary
learned from text that is written here and every other part as in the family's own file; tokenizer_config.json; and
expected.json: for each text its tokens with and without those of the template, and the text of each (null where that
is the text itself), then random tokens with their text. The same version gives the same files; version 0.23.3 differs
in showing special tokens that are looked for in the normalized text, even where decoding is to leave them out.
"""

import collections
import json
import pathlib
import random

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

here = pathlib.Path(__file__).parent

# MARK: Text to learn from

LINES = """
The river that runs through Springfield is wider than the one in Vienna, isn't it?
She'd said they've seen 1024 birds; he'll count them again on 2024-11-30.
I'M SURE WE'LL SEE WHO'S RIGHT, but they're not so sure that you'd know.
Der Fluß fließt durch schöne Städte, größer als München und Köln.
Où est la bibliothèque ? Elle est près de l'école, là-bas, à côté du café.
El niño comió piñas y mañana irá a la montaña con su abuela.
Быстрая лиса прыгает через ленивую собаку, а потом спит.
東京は日本の首都です。漢字とひらがなとカタカナ。
中文的句子没有空格，所以分词很难。
한국어 문장은 띄어쓰기가 있습니다.
مرحبا بالعالم، كيف حالك اليوم؟ السَّلامُ عليكم
नमस्ते दुनिया, आप कैसे हैं? मेरा नाम क्लू है।
สวัสดีชาวโลก วันนี้อากาศดีมาก
שלום עולם, מה שלומך היום?
def add(first, second):\n    return first + second  # the sum of both\n
for (int i = 0; i < 100; i++) {\n\tprintf("%d\\n", values[i]);\n}\n
<html><body class="plain">1 &lt; 2 &amp;&amp; 3 &gt; 2</body></html>
Prices: $12.50, €9.99, £100, ¥1000 — “all of them” are ‘wrong’…
x² + y² = z², ½ + ¼ = ¾, α ≤ β, ∑∫√∞, 👍🏽 👩‍👩‍👧 🇫🇷 ✨
"""

WORDS = """
the of and to in is that for it was on are with as his they at be this from have or by one had not but what all were
when we there can an your which their said if do will each about how up out them then she many some so these would
other into has more two like him see time could no make than first been its who now people made over did down only way
find use may water long little very after words called just where most know city country capital river language model
feature token graph layer head attention residual stream walking walked walker unhappiness happiness internationally
""".split()


def corpus():
    """Lines that occur often, and sentences of words of which the first come most."""
    lines = [line.replace("\\n", "\n").replace("\\t", "\t") for line in LINES.strip().split("\n")] * 12
    draw = random.Random(1)
    for _ in range(1500):
        count = draw.randint(3, 12)
        words = [WORDS[int(len(WORDS) * draw.random() ** 2)] for _ in range(count)]
        lines.append(words[0].capitalize() + " " + " ".join(words[1:]) + draw.choice([".", "!", "?", "...", ".\n\n"]))
    return lines


# MARK: Texts to encode

HARD = [
    "", " ", "  ", "   ", "\n", "\r", "\r\n", "\n\n", "\n\n\n", "\r\n\r\n", "\n \n", " \n ", "\t", "\t\t", "\t \t",
    "\0",
    "a\0b", "\0\0 \0", "\x01\x02\x1b[0m\x7f", " a", "a ", "  a", "a  ", "   a   b   ", "a" + " " * 40 + "b", " " * 100,
    "\n" * 40, "a\n\n\nb", "a \n b", "a\r\n b\r\n\tc", "a\t\tb", "\n  indented\n    more\n", "a \r\n\r\n  b\n",
    "it's I'm you're we've they'll he'd isn't", "IT'S I'M YOU'RE WE'VE THEY'LL HE'D ISN'T",
    "It'S i'M yOu'Re We'vE Lly'lL",
    "'s't're've'm'll'd", "'S'T'RE'VE'M'LL'D", "a'sx 'sx ''s '' ' s", "it’s l’école ‘s", "'ſ 'ſa a'ſ", "'\u017f\u0301",
    "1 12 123 1234 12345 1234567890", "3.14159 1,000,000 2024-11-30 0x1F", "½ ⅓ Ⅷ ² ³ ① ٣٤٥٦ १२३४ ๑๒๓ 一二三 𝟙𝟚𝟛",
    "a1b22c333d4444",
    "café cafe\u0301 cafe\u0301\u0327 \u00c5 \u212b A\u030a", "e\u0301\u0302\u0303\u0304", "\u0301", " \u0301",
    "a \u0301b", "\u0344\u0390",
    "q\u0307\u0323 q\u0323\u0307 \u1e69 s\u0323\u0307", "Å\u200b\u00ad\ufeffx", "ǅ ǈ ß ẞ ﬁ ﬀ İ ı ſ K Å Ω",
    "\u1100\u1161\u11a8 각 가\u11a8",
    "漢字", "漢字とかな、カタカナ。", "中文，没有空格！ 有空格 吗？", "한국어 문장입니다.", "𠮷野家 𩸽", "豈 更 車 \uf900\ufa0e", "ㄅㄆㄇ ｆｕｌｌｗｉｄｔｈ １２３ ﾊﾝｶｸ",
    "مرحبا بالعالم", "السَّلامُ عليكم\u0640\u0640", "שָׁלוֹם עולם", "नमस्ते क्षत्रिय", "สวัสดีชาวโลก ้",
    "ᠮᠣᠩᠭᠣᠯ ᠪᠢᠴᠢᠭ", "Ελληνικά Σίσυφος ΣΊΣΥΦΟΣ",
    "Привет, Мир! ёЁ й и\u0306", "ⵜⴰⵎⴰⵣⵉⵖⵜ ꓢꓲ ᏣᎳᎩ", "𝒜𝓑𝔠 𐍈𐌰 𓀀𓂀", "👍 👍🏽 🇫🇷🇩🇪🇫",
    "👩\u200d👩\u200d👧 👨🏿\u200d🦰 ❤️\u200d🔥 1️⃣", "🏴\U000e0067\U000e0062\U000e007f",
    "\u200d\u200d \u200c", "\ufffd", "\ufffe\uffff \U0010ffff", "\ue000\U000f0000", "\u0378\U000e0080",
    "\u00a0 \u3000\u2009x\u202f1\u205f\u1680\u180e",
    "\u0085a\u2028b\u2029c\u000bd\u000ce\u001cf", "a\u00a0b\u3000c", "\u202eright\u202c \u2066x\u2069", "▁ ▁▁ a▁b ▁a",
    "▁" * 20, "Ġ ĠĠ aĠb Ċ ċ",
    "<0x0A> <0x41><0xFF> <0x", "� �� Ã© â€™", "<s> </s> <unk> <pad> <mask>", "<s>a<s> b </s>c", " <s> ",
    "<bos>a<bos>\n<eos>",
    "<start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\n", "<unused0><unused1> <unused1>0 <unused7>",
    "<|begin_of_text|>Hi<|end_of_text|>",
    "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHi there<|eot_id|>",
    "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
    "<think>a</think> <tool_call>\n{}\n</tool_call>",
    "<|endoftext|><|endoftext|> <|endoftext|>", "a<|endoftext|>b <|padding|>", "[INST] Hi [/INST] yes</s>",
    "[INST][/INST]", "<|im_start", "|im_end|>", "<<s>>",
    "<|start|>system<|message|>x<|end|><|return|>", "<table><tr><td>1</td></tr></table>",
    "<|reserved_special_token_1|> <|reserved_special_token_",
    "$x = $y * 100% + @z # {a} [b] (c) \\d ^~`|", "!!! ??? ... ;;; ---- ____ ====", "a.b,c;d:e!f?g-h_i/j\\k",
    "(hello) [world] {x} \"y\" 'z'", " !a !\n!\r\n /\n//\n",
    "https://example.org/a_b?c=d&e=%20#f", "user.name+tag@example.org",
    "def f(x):\n    return x  # y\n\n\nclass A:\n\tpass\n", "HelloWorld helloWORLD XMLHttpRequest iPhone ÀÉé",
    "internationally unhappiness walker walked", " the of and to in is that",
    "aaaaaaaaaaaaaaaa" * 16, "ab" * 100, "1" * 50, "é" * 30, "漢" * 30, "!" * 60, "👍" * 12, "\t" * 20,
    "a\u0301" * 20, " a" * 30, "\r" * 7 + "\n" * 5, "the " * 20, "x\u0300\u0301\u0302\u0303\u0304\u0305" * 5,
    "   \n   \n\n   a", "a   \n", "\n   ", " \t\n\r x",
]

PARTS = [
    "a", "the", "River", " the", " of", "walk", "ing", "HELLO", " ", "  ", "    ", "\n", "\n\n", "\r\n", "\t",
    "\u00a0", "\u3000", "\u2028", "\u0085",
    "é", "e\u0301", "ﬁ", "İ", "ſ", "'s", "'S", "'ſ", "'re", "'LL", "'", "’s", "1", "12", "1234", "½", "Ⅷ", "٣", "漢字",
    "ひら", "한국", "🇫🇷", "👍🏽",
    "👩\u200d👩\u200d👧", "\u0301", "\u0323", "नमस्ते", "ابجد\u064b", "Привет", "สวัส", "שלום", "_", "-", "...", "$",
    "«", "!?", "x=1", "Ġ", "▁", "▁▁", "\0", "ǅ", "ß",
    "가", "\u1100\u1161", "\U0001d165", "\ufeff", "\u200d", "\ufffd", "<0x41>", "<s>", "</s>", "<bos>",
    "<end_of_turn>", "<unused1>", "<|endoftext|>", "<|eot_id|>",
    "<|im_start|>", "<think>", "</think>", "[INST]", "<|", "|>", "/", "\\", "{", "}", "😀", "𠮷", "²", "Ω",
]


def texts():
    draw = random.Random(2)
    mixtures = ["".join(draw.choices(PARTS, k=draw.randint(1, 10))) for _ in range(300)]
    gaps = [" ", "  ", "\n", ", "]
    sentences = [draw.choice(gaps).join(draw.choices(WORDS, k=draw.randint(1, 8))) for _ in range(60)]
    return list(dict.fromkeys(HARD + mixtures + sentences))


# MARK: Rules of the families

CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
TAIL = r"|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = CONTRACTION + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*" + TAIL
QWEN2 = CONTRACTION + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*" + TAIL
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
GPT_OSS = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{CONTRACTION}?|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{CONTRACTION}?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + TAIL)


def added(id, content, special=True, normalized=False, **flags):
    return dict(id=id, content=content, single_word=False, lstrip=False, rstrip=False, normalized=normalized,
                special=special) | flags


def byte_level(prefix=False, regex=True):
    return dict(type="ByteLevel", add_prefix_space=prefix, trim_offsets=True, use_regex=regex)


def split(regex):
    """A pattern of the family's own, then the bytes."""
    pattern = dict(type="Split", pattern=dict(Regex=regex), behavior="Isolated", invert=False)
    return dict(type="Sequence", pretokenizers=[pattern, byte_level(regex=False)])


def begins(content, id):
    """A template that writes one token before a text."""
    special, one, two = dict(SpecialToken=dict(id=content, type_id=0)), "A", "B"
    text = lambda name, type_id: dict(Sequence=dict(id=name, type_id=type_id))
    return dict(
        type="TemplateProcessing", single=[special, text(one, 0)], pair=[special, text(one, 0), special, text(two, 1)],
        special_tokens={content: dict(id=content, ids=[id], tokens=[content])})


def replace(old, new):
    return dict(type="Replace", pattern=dict(String=old), content=new)


def file(model, added_tokens, **parts):
    empty = dict(normalizer=None, pre_tokenizer=None, post_processor=None, decoder=None)
    head = dict(version="1.0", truncation=None, padding=None, added_tokens=added_tokens)
    return head | empty | parts | dict(model=model)


def bytes_model(size, regex, normalizer=None, **options):
    """A vocabulary over bytes, learned from words that the pattern cuts; None is the library's own, GPT-2's."""
    tokenizer = Tokenizer(models.BPE())
    if normalizer: tokenizer.normalizer = normalizer
    byte_words = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=regex is None)
    cut = [] if regex is None else [pre_tokenizers.Split(Regex(regex), "isolated")]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(cut + [byte_words])
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(
        corpus(), trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False))
    learned = json.loads(tokenizer.to_str())["model"]
    return dict(learned) | dict(
        dropout=None, unk_token=None, continuing_subword_prefix=None, end_of_word_suffix=None, fuse_unk=False,
        byte_fallback=False, ignore_merges=False) | options


def pieces_model(size, first, runs=0):
    """A vocabulary over letters as SentencePiece numbers it: `first`, bytes, runs of spaces, what merges make, letters;
    and every merge that makes a piece, in the order of the pieces."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    # The letters are chosen here, because the trainer's own choice among equally frequent ones is not always the same.
    counts = collections.Counter("".join(corpus()).replace(" ", "▁"))
    alphabet = sorted(sorted(counts), key=lambda letter: -counts[letter])[:150]
    tokenizer.train_from_iterator(corpus(), trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=alphabet, limit_alphabet=len(alphabet), show_progress=False))
    learned = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    long = [piece for piece, _ in learned if len(piece) > 1]
    letters = [piece for piece, _ in learned if len(piece) == 1]
    pieces = first + [f"<0x{byte:02X}>" for byte in range(256)] + ["▁" * n for n in range(2, runs + 1)] + long + letters
    vocabulary = {piece: id for id, piece in enumerate(dict.fromkeys(pieces))}
    merges = []
    for piece in vocabulary:
        halves = [(piece[:cut], piece[cut:]) for cut in range(1, len(piece))]
        known = [half for half in halves if half[0] in vocabulary and half[1] in vocabulary]
        merges += sorted(known, key=lambda half: (vocabulary[half[0]], vocabulary[half[1]]))
    return dict(
        type="BPE", dropout=None, unk_token="<unk>", continuing_subword_prefix=None, end_of_word_suffix=None,
        fuse_unk=True, byte_fallback=True, ignore_merges=False, vocab=vocabulary, merges=merges)


def after(model, contents, **flags):
    """Added tokens numbered on from the vocabulary's last."""
    return [added(len(model["vocab"]) + place, content, **flags) for place, content in enumerate(contents)]


def tokenizers():
    # Words that no merges lead to, which `ignore_merges` takes whole: every 5th merge is left out.
    model = bytes_model(900, LLAMA3, ignore_merges=True)
    model["merges"] = [merge for rank, merge in enumerate(model["merges"]) if rank % 5 != 4]
    specials = after(model, ["<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>",
                             "<|reserved_special_token_1|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"])
    yield "llama3", file(
        model, specials, pre_tokenizer=split(LLAMA3), decoder=byte_level(True),
        post_processor=dict(type="Sequence", processors=[
            byte_level(True), begins("<|begin_of_text|>", specials[0]["id"])]),
    ), dict(bos_token="<|begin_of_text|>", eos_token="<|eot_id|>")

    model = bytes_model(900, QWEN2, normalizers.NFC(), continuing_subword_prefix="", end_of_word_suffix="")
    specials = after(model, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    plain = [added(specials[-1]["id"] + 1 + place, content, special=False)
             for place, content in enumerate(["<tool_call>", "</tool_call>", "<think>", "</think>"])]
    yield "qwen3", file(
        model, specials + plain, normalizer=dict(type="NFC"), pre_tokenizer=split(QWEN2),
        post_processor=byte_level(regex=False), decoder=byte_level(regex=False),
    ), dict(bos_token=None, eos_token="<|im_end|>", pad_token="<|endoftext|>")

    model = bytes_model(900, GPT_OSS)
    specials = after(model, ["<|startoftext|>", "<|endoftext|>", "<|return|>", "<|start|>", "<|end|>", "<|message|>"])
    yield "gpt-oss", file(
        model, specials, pre_tokenizer=split(GPT_OSS), post_processor=byte_level(), decoder=byte_level(),
    ), dict(bos_token="<|startoftext|>", eos_token="<|return|>", pad_token="<|endoftext|>")

    # Special tokens have the first numbers, and runs of spaces, which are looked for in the normalized text, the last.
    model = bytes_model(900, None, normalizers.NFC())
    specials = [added(0, "<|endoftext|>"), added(1, "<|padding|>")]
    model["vocab"] = {token["content"]: token["id"] for token in specials} | {
        piece: id + len(specials) for piece, id in model["vocab"].items()}
    spaces = after(model, [" " * count for count in range(24, 1, -1)], special=False, normalized=True)
    yield "gpt-neox", file(
        model, specials + spaces, normalizer=dict(type="NFC"), pre_tokenizer=byte_level(), post_processor=byte_level(),
        decoder=byte_level(),
    ), dict(bos_token="<|endoftext|>", eos_token="<|endoftext|>")

    names = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    plain = ["[multimodal]"] + [f"<unused{number}>" for number in range(12)] + ["<start_of_turn>", "<end_of_turn>"]
    plain += ["\n" * count for count in range(1, 17)]
    tags = ["<table>", "<caption>", "<tr>", "<td>", "</table>", "</caption>", "</tr>", "</td>"]
    model = pieces_model(800, names + plain + tags, runs=16)
    runs = [(content, False) for content in plain + tags + ["▁" * count for count in range(2, 17)]]
    yield "gemma3", file(
        model, [added(model["vocab"][content], content, special)
                for content, special in [(name, True) for name in names] + runs],
        normalizer=replace(" ", "▁"), post_processor=begins("<bos>", 2),
        pre_tokenizer=dict(type="Split", pattern=dict(String=" "), behavior="MergedWithPrevious", invert=False),
        decoder=dict(type="Sequence", decoders=[replace("▁", " "), dict(type="ByteFallback"), dict(type="Fuse")]),
    ), dict(bos_token="<bos>", eos_token="<eos>", pad_token="<pad>", unk_token="<unk>")

    names = ["<unk>", "<s>", "</s>"]
    strip = dict(type="Strip", content=" ", start=1, stop=0)
    decoder = dict(type="Sequence", decoders=[replace("▁", " "), dict(type="ByteFallback"), dict(type="Fuse"), strip])
    roles = dict(bos_token="<s>", eos_token="</s>", unk_token="<unk>")
    prepends = dict(type="Sequence", normalizers=[dict(type="Prepend", prepend="▁"), replace(" ", "▁")])
    model = pieces_model(800, names)
    yield "mistral", file(
        model, [added(id, name) for id, name in enumerate(names)], normalizer=prepends,
        post_processor=begins("<s>", 1), decoder=decoder), roles
    # The first Llama's special tokens are looked for in the normalized text.
    yield "llama2-normalized", file(
        model, [added(id, name, normalized=True) for id, name in enumerate(names)], normalizer=prepends,
        post_processor=begins("<s>", 1), decoder=decoder), roles

    names += ["[INST]", "[/INST]", "[TOOL_CALLS]"]
    yield "mistral-metaspace", file(
        pieces_model(800, names), [added(id, name) for id, name in enumerate(names)],
        pre_tokenizer=dict(type="Metaspace", replacement="▁", prepend_scheme="first", split=False),
        post_processor=begins("<s>", 1), decoder=decoder), roles


# MARK: What the library does

def expectations(tokenizer, texts, roles):
    def described(text):
        ids = tokenizer.encode(text).ids
        plain = tokenizer.encode(text, add_special_tokens=False).ids
        decoded = tokenizer.decode(ids)
        complete = tokenizer.decode(plain, skip_special_tokens=False)
        other = lambda result: None if result == text else result
        return dict(ids=ids, plain=plain, decoded=other(decoded), complete=other(complete))

    draw = random.Random(3)
    count = tokenizer.get_vocab_size()
    rows = [[draw.randrange(count) for _ in range(draw.randint(1, 12))] for _ in range(100)]
    return dict(
        beginningOfText=roles["bos_token"] and tokenizer.token_to_id(roles["bos_token"]),
        endOfText=tokenizer.token_to_id(roles["eos_token"]),
        texts=[described(text) for text in texts],
        tokens=[dict(ids=ids, decoded=tokenizer.decode(ids)) for ids in rows])


def write(path, value):
    """Compact, but for one line an item of the long lists."""
    compact = lambda part: json.dumps(part, separators=(",", ":"))
    lines = lambda part: "[\n" + ",\n".join(map(compact, part)) + "\n]"
    if isinstance(value, list):
        text = lines(value)
    else:
        is_long = lambda key: key in ["texts", "tokens", "added_tokens"]
        members = [f"{compact(key)}:{(lines if is_long(key) else compact)(part)}" for key, part in value.items()]
        text = "{\n" + ",\n".join(members) + "\n}"
    path.write_text(text + "\n")


all_texts = texts()
write(here / "texts.json", all_texts)
for name, description, roles in tokenizers():
    folder = here / name
    folder.mkdir(exist_ok=True)
    write(folder / "tokenizer.json", description)
    write(folder / "tokenizer_config.json", roles)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    expected = expectations(tokenizer, all_texts, roles)
    write(folder / "expected.json", expected)
    changed = sum(text["decoded"] is not None for text in expected["texts"])
    print(f"{name}: {tokenizer.get_vocab_size()} pieces, {len(all_texts)} texts, {changed} come back changed,",
          *[f"{path.name} {path.stat().st_size // 1024} KB" for path in sorted(folder.iterdir())])
