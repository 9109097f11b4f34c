"""A detector as one ONNX file, which scores without torch and keeps its false-alarm rate."""
