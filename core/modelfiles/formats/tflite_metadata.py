"""Adds to a .tflite file the input normalisation that MediaPipe's Tasks read from its metadata.

Source: TensorFlow Lite's metadata schema (metadata_schema.fbs), whose generated classes are in the
mediapipe package.
"""

from typing import Any

import numpy as np

_ALIGNMENT_BYTES = 16  # the runtime maps weights into memory and requires it


def add_input_normalization(tflite: bytes, mean: float, std: float) -> bytes:
    """Add metadata to a .tflite: the input is RGB, normalised as (value − mean) / std."""
    from mediapipe.tasks.metadata import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(tflite, 0))
    metadata = _build_metadata(model, mean, std)
    model.buffers = [*model.buffers, schema.BufferT(data=np.frombuffer(metadata, np.uint8))]
    entry = schema.MetadataT(name=b"TFLITE_METADATA", buffer=len(model.buffers) - 1)
    model.metadata = [*(model.metadata or []), entry]
    for buffer in model.buffers:
        buffer.__class__ = _build_buffer_class()
    return _pack_flatbuffer(model, b"TFL3")


def _build_metadata(model: Any, mean: float, std: float) -> bytes:
    """Serialise metadata: the input's normalisation, and an empty entry per output."""
    from mediapipe.tasks.metadata import metadata_schema_py_generated as schema

    picture = schema.ContentT(
        schema.ContentProperties.ImageProperties, schema.ImagePropertiesT(schema.ColorSpaceType.RGB)
    )
    unit = schema.ProcessUnitT(
        schema.ProcessUnitOptions.NormalizationOptions, schema.NormalizationOptionsT([mean], [std])
    )
    graph = schema.SubGraphMetadataT(
        inputTensorMetadata=[schema.TensorMetadataT(content=picture, processUnits=[unit])],
        outputTensorMetadata=[schema.TensorMetadataT() for _ in model.subgraphs[0].outputs],
    )
    return _pack_flatbuffer(schema.ModelMetadataT(subgraphMetadata=[graph]), b"M001")


def _pack_flatbuffer(table: Any, identifier: bytes) -> bytes:
    """Serialise a FlatBuffers table with a file identifier."""
    import flatbuffers

    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(table.Pack(builder), file_identifier=identifier)
    return bytes(builder.Output())


def _build_buffer_class() -> type:
    """Build a subclass of BufferT whose data are aligned, as the runtime requires."""
    from mediapipe.tasks.metadata import schema_py_generated as schema

    class AlignedBuffer(schema.BufferT):
        def Pack(self, builder: Any) -> int:  # noqa: N802 - the generated classes' own name
            """Write the buffer with aligned data to a FlatBuffers builder; return its offset."""
            data = None
            if self.data is not None and len(self.data):
                content = np.asarray(self.data, np.uint8).tobytes()
                builder.StartVector(1, len(content), _ALIGNMENT_BYTES)
                builder.head = builder.head - len(content)
                builder.Bytes[builder.head : builder.head + len(content)] = content
                data = builder.EndVector()
            schema.BufferStart(builder)
            if data is not None:
                schema.BufferAddData(builder, data)
            return int(schema.BufferEnd(builder))

    return AlignedBuffer
