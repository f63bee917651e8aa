#!/usr/bin/env python3
"""check_onnx.py FOLDER: what export.cpp wrote holds for onnx.checker, and says what it is."""
import json
import pathlib
import sys

import onnx
import onnx.shape_inference

folder = pathlib.Path(sys.argv[1])
operators = set()
for case in json.loads((folder / "cases.json").read_text()):
    for name in case["onnx"]:
        model = onnx.load(folder / name)
        onnx.checker.check_model(model, full_check=True)
        assert model.ir_version == 7 and [(o.domain, o.version) for o in model.opset_import] == [("", 13)], name
        sizes = {v.name: [d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim]
                 for v in [*model.graph.input, *model.graph.output]}
        assert sizes == {"images": ["N", *case["sizes"][1:]], "logits": ["N", case["classes"]]}, (name, sizes)
        # From the input alone, without what the file says of the output.
        model.graph.output[0].type.tensor_type.ClearField("shape")
        inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, check_type=True).graph.output[0]
        assert inferred.type.tensor_type.shape.dim[1].dim_value == case["classes"], name
        metadata = {m.key: m.value for m in model.metadata_props}
        assert metadata["architecture"] == case["architecture"] and metadata["fitnas"], metadata
        kinds = [n.op_type for n in model.graph.node]
        assert ("BatchNormalization" in kinds) == name.endswith(".kept.onnx"), name
        operators.update(kinds)
print(f"operators: {' '.join(sorted(operators))}")
