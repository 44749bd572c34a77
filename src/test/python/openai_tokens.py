#!/usr/bin/env python3
"""Writes what ClipTokenizerTest compares against: texts with OpenAI CLIP's token ids, and the part of OpenAI's
tokenizer that these texts use.

    apt-get install python3-regex
    /usr/bin/python3 src/test/python/openai_tokens.py bpe_simple_vocab_16e6.txt.gz

The argument is OpenAI's vocabulary, from github.com/openai/CLIP (clip/); the wheel of open_clip_torch has it too. It is
1.3 MB, so the tree keeps only the tokens and merges, with their real ids and in their real order, that the texts below
need. Writes to src/test/resources/clip/:

  openai-tokens.json      the texts and their ids, start and end included, not truncated
  openai-tokenizer.json   a tokenizer.json laid out like that of openai/clip-vit-base-patch32

The ids come from the byte-pair encoding below and not from the library under test. They equal those of OpenAI's
simple_tokenizer.py for every text. OpenAI's code also repairs mojibake, straightens typographic quotes and resolves
HTML entities before it encodes; tokenizer.json does not, in no implementation, so no text here depends on that.
"""
import gzip
import json
import pathlib
import sys
import unicodedata

import regex

TARGET = pathlib.Path(__file__).resolve().parents[1] / "resources" / "clip"
WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
WORD_END = "</w>"
START, END = "<|startoftext|>", "<|endoftext|>"
MERGES = 49152 - 256 - 2
TEXTS = [
    "",
    "a",
    "a photo of a cat",
    "a photo of a forest",
    "A Photo Of A DOG.",
    "NASA's Hubble, 1990",
    "a satellite photo of annual crop land",
    "Sea or Lake",
    "the year 2023",
    "3.14 or 1,000,000",
    "don't",
    "we'll say they're what I'd've said, I'm sure",
    "DON'T SHOUT",
    "'s 't '' ' quoted '",
    "snake_case_name __init__",
    "wait... what?! (no) [yes] {} #tag @name 50% & more",
    "http://example.com/a?b=c",
    "double  spaces   and\ttabs",
    "  spaces around  ",
    "a line\nand another\r\n",
    "café crème brûlée",
    "cafe\u0301",
    "naïve Übergröße ÀÉÎ",
    "東京の猫",
    "кошка",
    "½ of x² Ⅷ",
    "a 😀 and a 👍🏽",
    "antidisestablishmentarianism",
    "pneumonoultramicroscopicsilicovolcanoconiosis",
    "a\u00a0b\u2003c",
    "the quick brown fox jumps over the lazy dog, " * 9 + "and sleeps",
    "7" * 100,
]


def alphabet():
    """The printable character that stands for each byte. OpenAI's ids go by this order: printable bytes first."""
    printable = [b for b in range(256) if 0x21 <= b <= 0x7E or 0xA1 <= b <= 0xAC or b >= 0xAE]
    others = [b for b in range(256) if b not in printable]
    return {b: chr(b) for b in printable} | {b: chr(256 + i) for i, b in enumerate(others)}


def read_merges(path):
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        next(lines)  # the version
        return [tuple(next(lines).split()) for _ in range(MERGES)]


class Encoder:
    def __init__(self, merges):
        self.bytes = alphabet()
        self.merges = merges
        self.rank = {merge: i for i, merge in enumerate(merges)}
        units = list(self.bytes.values())
        tokens = units + [u + WORD_END for u in units] + ["".join(merge) for merge in merges] + [START, END]
        self.ids = {token: i for i, token in enumerate(tokens)}
        self.used_tokens = {START, END}
        self.used_merges = set()

    def encode(self, text):
        text = " ".join(unicodedata.normalize("NFC", text).split()).lower()
        tokens = [token for word in regex.findall(WORDS, text) for token in self.pieces(word)]
        return [self.ids[token] for token in [START, *tokens, END]]

    def pieces(self, word):
        units = [self.bytes[b] for b in word.encode("utf-8")]
        units[-1] += WORD_END
        self.used_tokens.update(units)
        while len(units) > 1:
            best = min(zip(units, units[1:]), key=lambda pair: self.rank.get(pair, MERGES))
            if best not in self.rank:
                break
            self.used_merges.add(best)
            self.used_tokens.add("".join(best))
            merged, i = [], 0
            while i < len(units):
                step = 2 if tuple(units[i:i + 2]) == best else 1
                merged.append("".join(units[i:i + step]))
                i += step
            units = merged
        return units


def special(token, at):
    return {"id": at, "special": True, "content": token, "single_word": False, "lstrip": False, "rstrip": False,
            "normalized": True}


def tokenizer(encoder):
    ids = encoder.ids
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [special(START, ids[START]), special(END, ids[END])],
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "NFC"},
            {"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " "},
            {"type": "Lowercase"}]},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": WORDS}, "behavior": "Removed", "invert": True},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True}]},
        "post_processor": {"type": "RobertaProcessing", "sep": [END, ids[END]], "cls": [START, ids[START]],
                           "trim_offsets": False, "add_prefix_space": False},
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True},
        "model": {
            "type": "BPE", "dropout": None, "unk_token": END, "continuing_subword_prefix": "",
            "end_of_word_suffix": WORD_END, "fuse_unk": False,
            "vocab": {token: i for token, i in ids.items() if token in encoder.used_tokens},
            "merges": [" ".join(merge) for merge in encoder.merges if merge in encoder.used_merges]},
    }


def write(name, value):
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    (TARGET / name).write_text(text + "\n", encoding="utf-8")


def main():
    encoder = Encoder(read_merges(sys.argv[1]))
    write("openai-tokens.json", [{"text": text, "ids": encoder.encode(text)} for text in TEXTS])
    write("openai-tokenizer.json", tokenizer(encoder))


if __name__ == "__main__":
    main()
