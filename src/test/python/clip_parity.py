#!/usr/bin/env python3
"""Writes src/test/resources/clip/parity.json: what PyTorch's own modules make of a small CLIP with seeded weights.

The model is put together from torch.nn.Conv2d, LayerNorm, MultiheadAttention, Linear and Embedding, the modules that
OpenAI's CLIP is made of, in float64. Weights are not stored: both sides draw them from the same hash (see `draw`).

    apt-get install python3-torch python3-numpy     # any torch from 1.13 on
    /usr/bin/python3 src/test/python/clip_parity.py
"""
import json
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import nn

TARGET = Path(__file__).resolve().parents[1] / "resources" / "clip" / "parity.json"
WORDS = ["a", "photo", "of", "cat", "dog", "striped", "zebra", "the"]
START, END = len(WORDS), len(WORDS) + 1
TEXTS = ["a photo of a cat", "zebra", "the striped dog of a striped zebra"]
CLASSES = ["cat", "striped zebra", "dog"]
CONFIG = {
    "projection_dim": 12,
    "vision_config": {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 96,
                      "image_size": 32, "patch_size": 8},
    "text_config": {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 64,
                    "vocab_size": len(WORDS) + 2, "max_position_embeddings": 14},
}
LOGIT_SCALE = 3.0


def draw(name, count):
    """`count` numbers in [-1, 1): the upper 24 bits of splitmix64 over (CRC-32 of the name, index)."""
    with np.errstate(over="ignore"):
        z = (np.uint64(zlib.crc32(name.encode())) << np.uint64(32)) + np.arange(1, count + 1, dtype=np.uint64)
        z = z * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / 2.0**23 - 1.0


def weight(name, *shape):
    values = draw(name, int(np.prod(shape)))
    if "norm" in name or "layrnorm" in name:
        values = values * 0.2 + (1.0 if name.endswith("weight") else 0.0)
    else:
        values = values * 0.3
    # Weights are stored in 32 bits.
    return nn.Parameter(torch.from_numpy(values.astype(np.float32).astype(np.float64).reshape(shape)))


class Block(nn.Module):
    def __init__(self, at, width, heads, hidden, quick):
        super().__init__()
        self.quick = quick
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.up, self.down = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.double()
        for norm, name in ((self.norm1, "layer_norm1"), (self.norm2, "layer_norm2")):
            norm.weight, norm.bias = weight(f"{at}.{name}.weight", width), weight(f"{at}.{name}.bias", width)
        for part, shape in (("weight", (width, width)), ("bias", (width,))):
            joined = torch.cat([weight(f"{at}.self_attn.{p}_proj.{part}", *shape) for p in "qkv"])
            setattr(self.attention, f"in_proj_{part}", nn.Parameter(joined))
            setattr(self.attention.out_proj, part, weight(f"{at}.self_attn.out_proj.{part}", *shape))
        self.up.weight, self.up.bias = weight(f"{at}.mlp.fc1.weight", hidden, width), weight(f"{at}.mlp.fc1.bias", hidden)
        self.down.weight, self.down.bias = weight(f"{at}.mlp.fc2.weight", width, hidden), weight(f"{at}.mlp.fc2.bias", width)

    def forward(self, x, mask=None):
        h = self.norm1(x)
        x = x + self.attention(h, h, h, need_weights=False, attn_mask=mask)[0]
        h = self.up(self.norm2(x))
        h = h * torch.sigmoid(1.702 * h) if self.quick else nn.functional.gelu(h)
        return x + self.down(h)


def tower(model, config, quick):
    return nn.ModuleList(
        Block(f"{model}.encoder.layers.{i}", config["hidden_size"], config["num_attention_heads"],
              config["intermediate_size"], quick)
        for i in range(config["num_hidden_layers"]))


def norm(name, width):
    layer = nn.LayerNorm(width).double()
    layer.weight, layer.bias = weight(name + ".weight", width), weight(name + ".bias", width)
    return layer


class Clip(nn.Module):
    def __init__(self, quick):
        super().__init__()
        v, t, d = CONFIG["vision_config"], CONFIG["text_config"], CONFIG["projection_dim"]
        w, p = v["hidden_size"], v["patch_size"]
        self.patches = nn.Conv2d(3, w, p, p, bias=False).double()
        self.patches.weight = weight("vision_model.embeddings.patch_embedding.weight", w, 3, p, p)
        self.cls = weight("vision_model.embeddings.class_embedding", w)
        self.image_positions = weight(
            "vision_model.embeddings.position_embedding.weight", 1 + (v["image_size"] // p) ** 2, w)
        self.pre, self.post = norm("vision_model.pre_layrnorm", w), norm("vision_model.post_layernorm", w)
        self.image_blocks = tower("vision_model", v, quick)
        self.image_projection = weight("visual_projection.weight", d, w)
        w = t["hidden_size"]
        self.tokens = weight("text_model.embeddings.token_embedding.weight", t["vocab_size"], w)
        self.text_positions = weight("text_model.embeddings.position_embedding.weight", t["max_position_embeddings"], w)
        self.text_blocks = tower("text_model", t, quick)
        self.final = norm("text_model.final_layer_norm", w)
        self.text_projection = weight("text_projection.weight", d, w)

    def images(self, pixels):
        mean = torch.tensor([0.48145466, 0.4578275, 0.40821073], dtype=torch.float64)
        deviation = torch.tensor([0.26862954, 0.26130258, 0.27577711], dtype=torch.float64)
        x = ((pixels.double() / 255 - mean) / deviation).permute(0, 3, 1, 2)
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(len(x), 1, -1), x], 1) + self.image_positions
        x = self.pre(x)
        for block in self.image_blocks:
            x = block(x)
        return nn.functional.normalize(self.post(x[:, 0]) @ self.image_projection.T, dim=-1)

    def texts(self, embedded, ends):
        """Embedded texts [N, T, W], padded to the full length T, that end at `ends`."""
        length = embedded.shape[1]
        mask = torch.full((length, length), float("-inf"), dtype=torch.float64).triu(1)
        x = embedded + self.text_positions
        for block in self.text_blocks:
            x = block(x, mask)
        return nn.functional.normalize(self.final(x[range(len(x)), ends]) @ self.text_projection.T, dim=-1)


def ids(text):
    return [START] + [WORDS.index(word) for word in text.split()] + [END]


def padded(rows, length):
    return [row + [0] * (length - len(row)) for row in rows]


def rounded(tensor):
    return [float(f"{value:.9g}") for value in tensor.detach().flatten().tolist()]


def case(quick):
    torch.manual_seed(0)
    clip = Clip(quick)
    t = CONFIG["text_config"]
    length, width = t["max_position_embeddings"], t["hidden_size"]
    side = CONFIG["vision_config"]["image_size"]
    pixels = torch.from_numpy(((draw("pixels", 4 * side * side * 3) + 1) * 128).astype(np.uint8)).view(4, side, side, 3)
    images = clip.images(pixels)
    rows = [ids(text) for text in TEXTS]
    texts = clip.texts(clip.tokens[torch.tensor(padded(rows, length))], [len(row) - 1 for row in rows])

    def prompted(context):
        count = context.shape[1]
        rows = [ids(name) for name in CLASSES]
        embedded = []
        for i, row in enumerate(rows):
            own = context[i if len(context) > 1 else 0]
            tail = clip.tokens[torch.tensor(padded([row[1:]], length - 1 - count))[0]]
            embedded.append(torch.cat([clip.tokens[START][None], own, tail]))
        return clip.texts(torch.stack(embedded), [count + len(row) - 1 for row in rows])

    out = {"quickGelu": quick, "images": rounded(images), "texts": rounded(texts),
           "logits": rounded(LOGIT_SCALE * images @ texts.T), "prompts": []}
    targets = torch.tensor([[1, 0, 0], [0, 0.25, 0.75], [0, 0, 1], [0.5, 0.5, 0]], dtype=torch.float64)
    weights = torch.tensor([1.0, 0.5, 2.0, 1.0], dtype=torch.float64)
    for groups in (1, len(CLASSES)):
        values = draw(f"context{groups}", groups * 5 * width).astype(np.float32).astype(np.float64).reshape(groups, 5, width)
        context = torch.from_numpy(values).requires_grad_(True)
        features = prompted(context)
        chosen = [2, 0, 3]
        surprise = -(targets * torch.log_softmax(LOGIT_SCALE * images.detach() @ features.T, -1)).sum(-1)
        loss = (weights * surprise)[chosen].mean()
        loss.backward()
        out["prompts"].append({"groups": groups, "features": rounded(features), "loss": float(loss),
                               "gradient": rounded(context.grad)})
    return out


TARGET.parent.mkdir(parents=True, exist_ok=True)
TARGET.write_text(json.dumps(
    {"config": CONFIG, "words": WORDS, "texts": TEXTS, "classes": CLASSES, "logitScale": LOGIT_SCALE,
     "cases": [case(True), case(False)]}, separators=(",", ":")) + "\n")
