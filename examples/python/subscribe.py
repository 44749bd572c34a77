"""python3 subscribe.py: prints each prediction as a JSON line."""

import json

from gripstream import follow

for image_id, prediction in follow("predictions"):
    best = prediction["labels"][0]
    print(
        json.dumps(
            {
                "imageId": image_id,
                "task": prediction["task"],
                "label": None if prediction["abstained"] else best["label"],
                "confidence": best["confidence"],
                "zeroShot": prediction["zeroShot"]["label"],
                "promptVersion": prediction["promptVersion"],
            }
        ),
        flush=True,
    )
