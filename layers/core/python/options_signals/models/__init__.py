"""The model card, the ONNX bundle, prediction, and the pointers to what is served."""

import os

# From 1.29 on onnxruntime gives this machine an id, stores it, and tells its maker about every model it opens, from
# its import on. What a trader runs is nobody's business.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
