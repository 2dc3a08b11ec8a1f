"""Records what π0's preprocessing gives, into pi0.json. Needs jax and numpy.

Random numbers are JAX's; everything after them is written with NumPy in float64, as matrices and loops where the
library has closed forms.
"""

import json
import pathlib

import jax
import jax.numpy as jnp
import numpy as np

HERE = pathlib.Path(__file__).parent


def image_of(samples, height, width, channels=3):
    """A smooth image whose values the test can compute itself."""
    n = np.arange(samples * height * width * channels, dtype=np.float64)
    return np.sin(0.37 * n).reshape(samples, height, width, channels).astype(np.float32)


def sample_bilinear(image, y, x):
    """One pixel between others; nothing outside."""
    height, width, _ = image.shape
    out = np.zeros(3)
    top, left = int(np.floor(y)), int(np.floor(x))
    for row in (top, top + 1):
        for column in (left, left + 1):
            if 0 <= row < height and 0 <= column < width:
                out += (1 - abs(y - row)) * (1 - abs(x - column)) * image[row, column]
    return out


def warp(key, image):
    height, width, _ = image.shape
    crop_height, crop_width = int(height * 0.95), int(width * 0.95)
    crop_key, _, turn_key = jax.random.split(key, 3)
    limit = jnp.array([(height - crop_height) / 2, (width - crop_width) / 2])
    cy, cx = np.float64(jax.random.uniform(crop_key, [2], minval=-limit, maxval=limit))
    angle = np.float64(jax.random.uniform(turn_key, minval=-np.pi / 36, maxval=np.pi / 36))
    translate = np.array([[1, 0, cy], [0, 1, cx], [0, 0, 1]])
    scale = np.diag([crop_height / height, crop_width / width, 1])
    turn = np.array([[np.cos(angle), np.sin(angle), 0], [-np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    matrix = translate @ scale @ turn
    out = np.zeros_like(image)
    for i in range(height):
        for j in range(width):
            y, x, _ = matrix @ np.array([i - (height - 1) / 2, j - (width - 1) / 2, 1])
            out[i, j] = sample_bilinear(image, y + (height - 1) / 2, x + (width - 1) / 2)
    return out


def rgb_to_hsv(pixel):
    value = pixel.max()
    spread = value - pixel.min()
    first = int(np.argmax(pixel))
    hue = 0.0
    if spread != 0:
        hue = (2 * first + (pixel[(first + 1) % 3] - pixel[(first + 2) % 3]) / spread) / 6
    return hue, 0.0 if value == 0 else spread / value, value


def hsv_to_rgb(hue, saturation, value):
    out = []
    for n in (5, 3, 1):
        k = np.mod(n + 6 * hue, 6)
        out.append(value - value * saturation * max(0, min(k, 4 - k, 1)))
    return np.array(out)


def contrast(value, c):
    m = np.tan((c + 1) * np.pi / 4)
    t = m / (2 * (1 + m))
    if value < t:
        return value / m
    if value > 1 - t:
        return value / m + 1 - 1 / m
    return m * (value - 0.5) + 0.5


def jitter(key, image):
    light, contrasting, hueing, _, _ = jax.random.split(key, 5)
    b = np.float64(jax.random.uniform(light, minval=-0.3, maxval=0.3))
    c = np.float64(jax.random.uniform(contrasting, minval=-0.4, maxval=0.4))
    h = np.float64(jax.random.uniform(hueing, minval=-0.1, maxval=0.1))
    if not bool(jax.random.bernoulli(key, 0.5)):
        return image, False
    out = np.zeros_like(image)
    for i, j in np.ndindex(image.shape[:2]):
        hue, saturation, value = rgb_to_hsv(image[i, j])
        value = value * (1 + b) if b < 0 else value * (1 - b) + b
        out[i, j] = hsv_to_rgb(hue + h, saturation, contrast(value, c))
    return out, True


def augment(key, images, wrist):
    out, applied = [], []
    for own, image in zip(jax.random.split(key, len(images)), images):
        unit = image.astype(np.float64) / 2 + 0.5
        if wrist:
            (colour,) = jax.random.split(own, 1)
        else:
            geometric, colour = jax.random.split(own, 2)
            unit = warp(geometric, unit)
        unit, was_applied = jitter(jax.random.split(colour, 1)[0], unit)
        out.append(unit * 2 - 1)
        applied.append(was_applied)
    assert len(set(applied)) == 2, "one image is to be recoloured and one not"
    return np.stack(out)


def resize_with_pad(images, height, width):
    _, h, w, c = images.shape
    ratio = max(w / width, h / height)
    rows, columns = int(h / ratio), int(w / ratio)
    resized = jax.image.resize(images, (len(images), rows, columns, c), method="linear")
    resized = np.clip(np.asarray(resized), -1.0, 1.0)
    top, rest_h = divmod(height - rows, 2)
    left, rest_w = divmod(width - columns, 2)
    pad = ((0, 0), (top, top + rest_h), (left, left + rest_w), (0, 0))
    return np.pad(resized, pad, constant_values=-1.0)


def rounded(array):
    return [float(f"{value:.7g}") for value in np.asarray(array, np.float64).ravel()]


def main():
    images = image_of(4, 9, 11)
    records = {
        "augment_base": rounded(augment(jax.random.key(3), images, wrist=False)),
        "augment_wrist": rounded(augment(jax.random.key(3), images, wrist=True)),
        "resize_down": rounded(resize_with_pad(image_of(1, 13, 9), 8, 10)),
        "resize_up": rounded(resize_with_pad(image_of(1, 4, 5), 9, 9)),
    }
    (HERE / "pi0.json").write_text(json.dumps(records) + "\n")


main()
