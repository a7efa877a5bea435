"""Frames as an animated GIF in memory."""

import io

import numpy as np
from PIL import Image

_FASTEST = 50.0  # frames a second; browsers slow down what is faster


def encode_gif(frames: np.ndarray, fps: float) -> bytes:
    """frames [T, H, W, 3] uint8 -> the bytes of a GIF that loops. Above 50 a second, frames are left out.

    All frames share one palette, taken from a sample of them: colours do not flicker, and only what moves is stored.
    """
    if frames.ndim != 4 or frames.shape[3] != 3 or frames.dtype != np.uint8 or not len(frames):
        raise ValueError(f"frames are {frames.dtype} {frames.shape}; an animation is uint8 [T, H, W, 3]")
    if fps > _FASTEST:
        frames, fps = frames[:: int(np.ceil(fps / _FASTEST))], fps / np.ceil(fps / _FASTEST)
    sample = frames[np.linspace(0, len(frames) - 1, min(len(frames), 8)).astype(int)]
    palette = Image.fromarray(sample.reshape(-1, *frames.shape[2:])).quantize(256, Image.Quantize.MEDIANCUT)
    images = [Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    out = io.BytesIO()
    # GIF counts in hundredths of a second: spread the rounding, so that the whole keeps its length
    ends = np.round(np.arange(len(images) + 1) * 100 / fps).astype(int) * 10
    images[0].save(
        out, "GIF", save_all=True, append_images=images[1:], duration=np.diff(ends).tolist(), loop=0, optimize=False
    )
    return out.getvalue()
