"""Reading of a foreign ONNX file: bounded, whole, and with operators that a runtime has."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

from segnet_model.base.errors import WeightsError
from segnet_model.base.optional import require
from segnet_model.engines.exported import check_exists, last_line
from segnet_model.engines.onnx_engine import tensors_elsewhere

MAX_FILE = 1 << 30  # bytes, external data included; networks for a robot have a tenth
MAX_VALUES = 1 << 30  # of one tensor inside the network
OLDEST = 11  # operator set that `graph` needs; older ones are converted
RUNTIME_DOMAINS = ("com.microsoft",)  # ONNX Runtime's own operators


def read_model(path: Path) -> Any:
    """Read an ONNX file with all its tensors.

    Returns:
        onnx.ModelProto, checked, of operator set 11 at least, without notes and intermediate
        shapes, which may name another size.

    Raises:
        WeightsError: it is missing, too large or no ONNX file, its external data is missing or
            lies elsewhere, or it uses operators that no runtime has.
    """
    check_exists(path)
    onnx = require("onnx", "onnx")
    _check_length(path.stat().st_size, path)
    try:
        model = onnx.load(path, load_external_data=False)
    except Exception as error:  # protobuf's kinds differ by its version
        raise WeightsError(f"{path}: not a whole ONNX file ({last_line(error)}); export the "
                           "network to ONNX first") from None  # fmt: skip
    if not model.graph.node or not model.opset_import:
        raise WeightsError(f"{path}: no ONNX network; export the network to ONNX first")
    _check_names(model, path)
    _load_external_data(onnx, model, path)
    _simplify(model)
    _check_operators(onnx, model, path)
    _check_ranks(model, path)
    model = _modern(onnx, model, path)
    _check_validity(onnx, model, path)
    del model.graph.value_info[:]
    return model


def _check_length(length: int, path: Path) -> None:
    if not 0 < length <= MAX_FILE:
        raise WeightsError(f"{path}: {length} bytes; expected 1 to {MAX_FILE}, which is beyond any "
                           "network for a robot")  # fmt: skip


def _check_names(model: Any, path: Path) -> None:
    """Refuse names that are no text: they are printed, and dangerous to a terminal."""
    values = (*model.graph.input, *model.graph.output, *model.graph.initializer)
    names = [each.name for each in values]
    for node in _nodes(model):
        names += [node.name, node.op_type, node.domain, *node.input, *node.output]
    if not all(isinstance(name, str) and name.isprintable() for name in names):
        raise WeightsError(f"{path}: a name in it is no text; the file is damaged; export it again")


def _load_external_data(onnx: Any, model: Any, path: Path) -> None:
    """Read tensors that lie in other files of the same folder."""
    tensors = list(tensors_elsewhere(model))
    names = sorted({entry.value for t in tensors for entry in t.external_data
                    if entry.key == "location"})  # fmt: skip
    for name in names:
        if Path(name).name != name:
            raise WeightsError(
                f"{path}: its weights lie in {name!r}; only files beside it are read"
            )
        if not (path.parent / name).is_file():
            raise WeightsError(f"{path}: its weights lie in {name!r}, which is missing; copy that "
                               "file beside it")  # fmt: skip
    _check_length(path.stat().st_size + sum((path.parent / n).stat().st_size for n in names), path)
    try:
        for tensor in tensors:
            onnx.external_data_helper.load_external_data_for_tensor(tensor, str(path.parent))
    except Exception as error:  # onnx has many kinds
        raise WeightsError(f"{path}: its weights cannot be read ({last_line(error)}); copy the "
                           "files again") from None  # fmt: skip


def _simplify(model: Any) -> None:
    """Remove notes, and give the operator set its usual name."""
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    for entry in model.opset_import:
        entry.domain = "" if entry.domain == "ai.onnx" else entry.domain
    # Old exporters listed the weights among the inputs.
    weights = {each.name for each in model.graph.initializer}
    inputs = [each for each in model.graph.input if each.name not in weights]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    model.ir_version = max(model.ir_version, 8)


def _check_operators(onnx: Any, model: Any, path: Path) -> None:
    own = {(each.domain, each.name) for each in model.functions}
    unknown = {
        f"{node.op_type} ({node.domain or 'ai.onnx'})"
        for node in _nodes(model)
        if (node.domain, node.op_type) not in own
        and node.domain not in RUNTIME_DOMAINS
        and not onnx.defs.has(node.op_type, "" if node.domain == "ai.onnx" else node.domain)
    }
    if unknown:
        raise WeightsError(
            f"{path}: no runtime has {', '.join(sorted(unknown)[:5])}; export it with plain ONNX "
            "operators, without plugins"
        )


def _nodes(model: Any) -> Iterator[Any]:
    """The nodes of the graph and of its functions; a runtime checks those of inner graphs."""
    yield from model.graph.node
    for function in model.functions:
        yield from function.node


def _check_ranks(model: Any, path: Path) -> None:
    for value in (*model.graph.input, *model.graph.output):
        if not value.type.tensor_type.HasField("shape"):
            raise WeightsError(f"{path}: the rank of {value.name!r} is dynamic; export it with a "
                               "fixed rank, as 1x3xHxW")  # fmt: skip


def _modern(onnx: Any, model: Any, path: Path) -> Any:
    version = next((each.version for each in model.opset_import if not each.domain), OLDEST)
    if version >= OLDEST:
        return model
    try:
        return onnx.version_converter.convert_version(model, OLDEST)
    except Exception as error:  # the converter has many kinds
        raise WeightsError(
            f"{path}: operator set {version} cannot be converted ({last_line(error)}); export it "
            f"with opset {OLDEST} or newer"
        ) from None


def _check_validity(onnx: Any, model: Any, path: Path) -> None:
    try:
        onnx.checker.check_model(model)
    except Exception as error:  # the checker has many kinds
        raise WeightsError(
            f"{path}: not a valid ONNX network ({last_line(error)}); export it again"
        ) from None


def check_memory(model: Any) -> None:
    """Raise WeightsError where a tensor inside a network is too large for a robot."""
    inferred = require("onnx", "onnx").shape_inference.infer_shapes(model, data_prop=True)
    for value in (*inferred.graph.value_info, *inferred.graph.output):
        count = prod(max(1, dim.dim_value) for dim in value.type.tensor_type.shape.dim)
        if count > MAX_VALUES:
            raise WeightsError(f"{value.name!r} has {count} values; export it for a smaller size")
