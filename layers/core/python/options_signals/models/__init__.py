"""The model card, the ONNX bundle, prediction, and the pointers to what is served."""
