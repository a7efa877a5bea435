"""TensorBoard's event files, cut back to what a run had seen at a checkpoint.

A record is: length uint64, its checksum uint32, an Event (protocol buffer), its checksum uint32; all little-endian.
TensorBoard's own way, the SessionLog of SummaryWriter's purge_step, is ignored by its data server, which is the default
and would go on showing what a resumed run has never done.
"""

import os
import struct
from pathlib import Path

_HEADER, _FOOTER = 12, 4  # bytes around an Event


def forget_after(events: Path, step: int) -> None:
    """Cut every event file before its first event later than `step`, or before a record that a kill left unfinished."""
    from google.protobuf.message import DecodeError
    from tensorboard.compat.proto.event_pb2 import Event

    for file in sorted(events.glob("events.out.tfevents.*")):
        data, start = file.read_bytes(), 0
        while start + _HEADER <= len(data):
            (length,) = struct.unpack_from("<Q", data, start)
            end = start + _HEADER + length + _FOOTER
            try:
                if end > len(data) or Event.FromString(data[start + _HEADER : end - _FOOTER]).step > step:
                    break
            except DecodeError:
                break
            start = end
        if start < len(data):
            os.truncate(file, start)
