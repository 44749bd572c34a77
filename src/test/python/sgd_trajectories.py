#!/usr/bin/env python3
"""Writes what PromptTrainerTest and DescentTest compare against: trajectories of PyTorch's own SGD, gradient clipping,
weight averaging and learning-rate schedule on a quadratic.

    apt-get install python3-torch
    /usr/bin/python3 src/test/python/sgd_trajectories.py

Writes src/test/resources/refine/sgd-trajectories.json. The loss is 0.5 * sum(curvature * (x - target)^2) over two tensors,
in float32. Any PyTorch from 1.6 on gives these numbers, but for the last digit of a float.
"""
import json
import math
import pathlib

import torch

TARGET = pathlib.Path(__file__).resolve().parents[1] / "resources" / "refine" / "sgd-trajectories.json"
CURVATURE = [[4.0, 1.0, 0.25], [2.0]]
MINIMUM = [[1.0, -2.0, 3.0], [0.5]]
START = [[3.0, 0.5, -1.0], [-1.5]]
STEPS = 8


def parameters():
    return [torch.nn.Parameter(torch.tensor(values)) for values in START]


def loss(at):
    return 0.5 * sum(
        (torch.tensor(c) * (x - torch.tensor(m)) ** 2).sum() for c, x, m in zip(CURVATURE, at, MINIMUM)
    )


def values(at):
    return [x.detach().tolist() for x in at]


def descent(momentum, decay, clip, rate=0.1):
    at = parameters()
    optimizer = torch.optim.SGD(at, lr=rate, momentum=momentum, weight_decay=decay)
    states = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss(at).backward()
        if clip:
            torch.nn.utils.clip_grad_norm_(at, clip)
        optimizer.step()
        states.append(values(at))
    return {"momentum": momentum, "weightDecay": decay, "clipNorm": clip, "rate": rate, "states": states}


class Holder(torch.nn.Module):
    def __init__(self, at):
        super().__init__()
        self.at = torch.nn.ParameterList(at)


def trained(epochs, warm_up, tail, rate, momentum, decay, clip):
    """One step an epoch; linear warm-up from 1 / (warm_up + 1), then a cosine; the last states averaged."""
    at = parameters()
    optimizer = torch.optim.SGD(at, lr=rate, momentum=momentum, weight_decay=decay)

    def share(epoch):
        if epoch < warm_up:
            return (epoch + 1) / (warm_up + 1)
        return 0.5 * (1 + math.cos(math.pi * (epoch - warm_up) / (epochs - warm_up)))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, share)
    holder = Holder(at)
    averaged = torch.optim.swa_utils.AveragedModel(holder)
    rates, states, losses = [], [], []
    for epoch in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.zero_grad()
        loss(at).backward()
        if clip:
            torch.nn.utils.clip_grad_norm_(at, clip)
        optimizer.step()
        schedule.step()
        states.append(values(at))
        losses.append(loss(at).item())
        if epoch >= round((1 - tail) * epochs):
            averaged.update_parameters(holder)
    mean = list(averaged.module.at)
    return {
        "epochs": epochs,
        "warmUp": warm_up,
        "tail": tail,
        "rate": rate,
        "momentum": momentum,
        "weightDecay": decay,
        "clipNorm": clip,
        "rates": rates,
        "states": states,
        "losses": losses,
        "startLoss": loss(parameters()).item(),
        "mean": values(mean),
        "meanLoss": loss(mean).item(),
    }


TARGET.parent.mkdir(parents=True, exist_ok=True)
TARGET.write_text(
    json.dumps(
        {
            "curvature": CURVATURE,
            "minimum": MINIMUM,
            "start": START,
            "descents": [
                descent(0.0, 0.0, 0.0),
                descent(0.9, 0.0, 0.0),
                descent(0.9, 0.1, 0.0),
                descent(0.9, 0.1, 0.5),
                descent(0.9, 0.0, 1000.0),
            ],
            # It goes from one side of the valley to the other: the mean of the tail is better than any of its states.
            "averaged": trained(12, 2, 0.5, 0.45, 0.7, 0.0, 0.0),
            # Its last states are the best of it.
            "plain": trained(20, 4, 0.0, 0.1, 0.5, 0.1, 1.5),
        },
        indent=1,
    )
    + "\n"
)
