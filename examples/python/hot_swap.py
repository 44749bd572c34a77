"""Labels with the live prompts of all tasks in a CLIP of one's own.

    prompts = PromptBoard()           # follows the topic in a thread
    prompts.label("pets", feature)    # feature: [D], of unit length, from the model that modelId names

python3 hot_swap.py: prints the live prompt of each task, now and whenever it changes.
"""

import json
import queue
import threading

import numpy

from gripstream import follow


def matrix(tensor):
    return numpy.frombuffer(tensor["data"], "<f4").reshape(tensor["shape"])


class PromptBoard:
    """The live prompt of each task. One assignment swaps a prompt, so a reader sees old or new, never half."""

    def __init__(self, on_swap=lambda task: None):
        self._live = {}
        self._on_swap = on_swap
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self):
        for task, prompt in follow("prompts"):
            if prompt is None:
                self._live.pop(task, None)
            elif "prefix" in prompt["tensors"]:
                # It asks for vectors in the image tower as well: this example serves text prompts.
                self._live.pop(task, None)
            else:
                bias = numpy.array(prompt.get("bias") or numpy.zeros(len(prompt["classes"])))
                self._live[task] = (prompt, matrix(prompt["classFeatures"]), bias)
            self._on_swap(task)

    def prompt(self, task):
        """The live prompt's record; None where there is none that this example can serve."""
        return self._live.get(task, (None,))[0]

    def label(self, task, feature):
        """The classes and their probabilities, most probable first, and the version that said so."""
        prompt, vectors, bias = self._live[task]
        logits = prompt["logitScale"] * vectors @ feature + bias
        odds = numpy.exp(logits - logits.max())
        probabilities = odds / odds.sum()
        order = numpy.argsort(-probabilities)
        return [(prompt["classes"][c], float(probabilities[c])) for c in order], prompt["version"]


if __name__ == "__main__":
    swapped = queue.Queue()
    board = PromptBoard(swapped.put)
    while True:
        task = swapped.get()
        prompt = board.prompt(task)
        if prompt is None:
            print(json.dumps({"task": task, "gone": True}), flush=True)
            continue
        # As if the first class' own vector were an image: shows that the numbers are read rightly.
        labels, version = board.label(task, matrix(prompt["zeroShotFeatures"])[0])
        print(
            json.dumps(
                {
                    "task": task,
                    "version": version,
                    "classes": prompt["classes"],
                    "modelId": prompt["modelId"],
                    "ofTheFirstClass": labels[0][0],
                }
            ),
            flush=True,
        )
