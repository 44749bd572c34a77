"""Labels with the live prompts of all tasks in a CLIP of one's own.

    prompts = PromptBoard()           # follows the topic in a thread
    prompts.label("pets", feature)    # feature: [D], of unit length, from the model that modelId names
"""

import threading

import numpy

from gripstream import follow


def matrix(tensor):
    return numpy.frombuffer(tensor["data"], "<f4").reshape(tensor["shape"])


class PromptBoard:
    """The live prompt of each task. One assignment swaps a prompt, so a reader sees old or new, never half."""

    def __init__(self):
        self._live = {}
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

    def label(self, task, feature):
        """The classes and their probabilities, most probable first, and the version that said so."""
        prompt, vectors, bias = self._live[task]
        logits = prompt["logitScale"] * vectors @ feature + bias
        odds = numpy.exp(logits - logits.max())
        probabilities = odds / odds.sum()
        order = numpy.argsort(-probabilities)
        return [(prompt["classes"][c], float(probabilities[c])) for c in order], prompt["version"]
