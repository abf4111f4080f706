"""Asks transformers what tokens are that other files than tokenizer.json declare: declared.json.

    python3 -m venv venv && venv/bin/pip install transformers==5.24.0 tokenizers==0.23.3
    venv/bin/python Tests/Fixtures/Tokenizers/declared.py

One small byte-level tokenizer serves all cases. A case changes some of it, puts files beside it, and holds what
transformers then makes of texts: their tokens without those of the template, which tokens are named as special, and
the tokens with a part to play.
"""

import copy
import json
import pathlib
import tempfile

from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoTokenizer

here = pathlib.Path(__file__).parent


def base():
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate(letters)}
    merges = [("t", "h"), ("th", "e"), ("Ġ", "the"), ("h", "i")]
    for left, right in merges:
        vocabulary[left + right] = len(vocabulary)
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<s>", "</s>"])
    return json.loads(tokenizer.to_str())


def flags(content, special=False, normalized=False, lstrip=False, rstrip=False, single_word=False):
    return dict(content=content, lstrip=lstrip, normalized=normalized, rstrip=rstrip, single_word=single_word,
                special=special)


def token(content, **others):
    return {"__type": "AddedToken"} | flags(content, **others)


TEXTS = ["<s>the hi</s>", "a <x> b", "a<x>b <x>the", "<y><z>", " <y> the <z>the", "the <X> the", "<w>the", "the the",
         "<img>hi<doc> hi", "x <y>\n\n the", "hithe<x>"]

LOWER = {"normalizer": {"type": "Lowercase"}}
END = {"bos_token": "<s>", "eos_token": "</s>"}
# name: (changes of tokenizer.json, files beside it)
CASES = {
    "added_tokens_decoder": ({}, {"tokenizer_config.json": END | {"added_tokens_decoder": {
        "262": flags("<x>", special=True), "263": flags("<y>", special=True), "264": flags("<z>")}}}),
    "added_tokens_decoder out of order": ({}, {"tokenizer_config.json": END | {"added_tokens_decoder": {
        "1000": flags("<y>"), "999": flags("<x>"), "9": flags("<z>")}}}),
    "added_tokens_decoder with other numbers": ({}, {"tokenizer_config.json": END | {"added_tokens_decoder": {
        "3": flags("<s>", special=True), "300": flags("<x>", special=True)}}}),
    "flags": ({}, {"tokenizer_config.json": END | {"added_tokens_decoder": {
        "260": flags("<s>", special=True, rstrip=True), "261": flags("</s>", lstrip=True),
        "262": flags("<x>", special=True, lstrip=True, rstrip=True), "263": flags("<y>", rstrip=True),
        "264": flags("<z>", single_word=True)}}}),
    "flags over those of tokenizer.json": ({"added": [flags("<x>", normalized=True), flags("<y>", special=True)]}, {
        "tokenizer_config.json": END | {"added_tokens_decoder": {
            "262": flags("<x>", lstrip=True), "263": flags("<y>", rstrip=True)}}}),
    "normalized": (LOWER, {"tokenizer_config.json": END | {"added_tokens_decoder": {
        "262": flags("<x>", normalized=True), "263": flags("<w>", special=True, normalized=True)}}}),
    "short flags": (LOWER, {"tokenizer_config.json": END | {"added_tokens_decoder": {
        "262": {"content": "<x>"}, "263": {"content": "<y>", "special": True}}}}),
    "a piece of the vocabulary": ({}, {"tokenizer_config.json": END | {"added_tokens_decoder": {
        "257": flags("the", special=True)}}}),
    "additional_special_tokens": ({}, {"tokenizer_config.json": END | {
        "additional_special_tokens": ["<x>", token("<y>", lstrip=True, rstrip=True), "</s>"]}}),
    "extra_special_tokens": ({}, {"tokenizer_config.json": END | {
        "additional_special_tokens": ["<w>"], "extra_special_tokens": ["<x>", "<z>"]}}),
    "extra_special_tokens by name": ({}, {"tokenizer_config.json": END | {
        "extra_special_tokens": {"image_token": "<img>", "doc": "<doc>"}}}),
    "a token of its own kind": ({}, {"tokenizer_config.json": END | {"image_token": "<img>", "number_token": 3}}),
    "a new bos_token": ({}, {"tokenizer_config.json": {"bos_token": "<x>", "pad_token": "<y>"}}),
    "a new bos_token with flags": ({}, {"tokenizer_config.json": {"bos_token": token("<x>", rstrip=True),
                                                                 "eos_token": token("<y>", lstrip=True)}}),
    "a bos_token in the vocabulary": ({}, {"tokenizer_config.json": {"bos_token": "the", "eos_token": "</s>"}}),
    "a bos_token with other flags in tokenizer.json": (
        LOWER | {"added": [flags("<x>", normalized=True, rstrip=True)]},
        {"tokenizer_config.json": {"bos_token": "<x>"}}),
    "a bos_token with other flags in both": (
        LOWER | {"added": [flags("<x>", normalized=True, rstrip=True)]},
        {"tokenizer_config.json": {"bos_token": "<x>", "added_tokens_decoder": {
            "262": flags("<x>", normalized=True, lstrip=True)}}}),
    "added_tokens.json": ({}, {"tokenizer_config.json": END | {"pad_token": "<y>"},
                               "added_tokens.json": {"<x>": 262, "<y>": 263}}),
    "added_tokens.json beside flags": (
        {"added": [flags("<x>", normalized=True, rstrip=True)]},
        {"tokenizer_config.json": END, "added_tokens.json": {"<y>": 263, "<x>": 262}}),
    "added_tokens.json, normalized": (LOWER, {"tokenizer_config.json": END, "added_tokens.json": {"<x>": 262}}),
    "added_tokens.json beside a decoder": ({}, {
        "tokenizer_config.json": END | {"added_tokens_decoder": {"262": flags("<y>")}},
        "added_tokens.json": {"<x>": 262}}),
    "special_tokens_map.json": ({}, {
        "tokenizer_config.json": {"bos_token": "<s>", "eos_token": "<s>"},
        "special_tokens_map.json": {"eos_token": "</s>", "pad_token": flags("<x>", lstrip=True),
                                    "additional_special_tokens": ["<y>"]}}),
    "special_tokens_map.json beside a decoder": ({}, {
        "tokenizer_config.json": {"bos_token": "<s>", "added_tokens_decoder": {"262": flags("<y>")}},
        "special_tokens_map.json": {"bos_token": "<y>", "eos_token": "</s>", "pad_token": "<x>"}}),
    "special_tokens_map.json alone": ({}, {
        "special_tokens_map.json": {"bos_token": "<x>", "additional_special_tokens": ["<y>", "<z>"]}}),
    "nothing": ({}, {}),
    "nothing named": ({"added": [flags("<x>", special=True)]}, {"tokenizer_config.json": {"model_max_length": 9}}),
    "special for tokenizer.json alone": ({"added": [flags("<x>", special=True)]}, {"tokenizer_config.json": END}),
    "unk, sep, cls and mask": ({}, {"tokenizer_config.json": {
        "unk_token": "<w>", "sep_token": "<x>", "cls_token": "<y>", "mask_token": token("<z>", lstrip=True)}}),
}


def main():
    whole = base()
    result = []
    for name, (changes, files) in CASES.items():
        changed = copy.deepcopy(whole)
        changed["normalizer"] = changes.get("normalizer")
        for added in changes.get("added", []):
            changed["added_tokens"].append({"id": 260 + len(changed["added_tokens"])} | added)
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "tokenizer.json").write_text(json.dumps(changed))
            (folder / "config.json").write_text("{}")
            written = {"tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast"}} | files
            if "tokenizer_config.json" in files:
                written["tokenizer_config.json"] = {"tokenizer_class": "PreTrainedTokenizerFast"} | files[
                    "tokenizer_config.json"]
            for file, value in written.items():
                (folder / file).write_text(json.dumps(value))
            from transformers import PreTrainedTokenizerFast
            tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
        result.append(dict(
            name=name, normalizer=changed["normalizer"], added_tokens=changed["added_tokens"],
            files={file: json.dumps(value) for file, value in files.items()},
            bos=tokenizer.bos_token_id, eos=tokenizer.eos_token_id, pad=tokenizer.pad_token_id,
            special=sorted(tokenizer.all_special_ids), count=len(tokenizer),
            skipped=sorted(i for i, t in tokenizer.added_tokens_decoder.items() if t.special),
            tokens=[tokenizer(text, add_special_tokens=False).input_ids for text in TEXTS]))
    del whole["added_tokens"], whole["normalizer"]
    lines = ",\n".join(" " + json.dumps(case) for case in result)
    text = json.dumps(dict(tokenizer=whole, texts=TEXTS))[:-1] + ', "cases": [\n' + lines + "\n]}\n"
    (here / "declared.json").write_text(text)


if __name__ == "__main__":
    main()
