"""Writes tokenizer.model, a small SentencePiece model of PaliGemma's kind, and tokenizer.json, what it does.

Run by hand: pip install sentencepiece==0.2.0 && python test/golden/make-tokenizer.py
"""

import io
import json
import pathlib
import random

import sentencepiece as spm

here = pathlib.Path(__file__).parent
verbs = ["pick up", "put down", "push", "open", "close", "stack", "turn", "move", "wipe", "fold"]
things = ["the black bowl", "the red cube", "the drawer", "the cabinet", "a towel", "the mug", "the plate"]
places = ["on the plate", "into the basket", "next to the stove", "on the table", "to the left", ""]
rng = random.Random(0)
lines = []
for _ in range(3000):
    task = " ".join([rng.choice(verbs), rng.choice(things), rng.choice(places)]).strip()
    state = " ".join(str(rng.randrange(256)) for _ in range(8))
    lines += [task, f"Task: {task}, State: {state};", "Action: "]

model = io.BytesIO()
spm.SentencePieceTrainer.train(
    sentence_iterator=iter(lines),
    model_writer=model,
    vocab_size=520,
    model_type="bpe",
    normalization_rule_name="identity",
    add_dummy_prefix=False,
    remove_extra_whitespaces=False,
    byte_fallback=True,
    split_digits=True,
    pad_id=0,
    eos_id=1,
    bos_id=2,
    unk_id=3,
    user_defined_symbols=["\n", "\n\n", "<loc0000>", "<loc0001>", "<seg000>"],
    character_coverage=1.0,
    num_threads=1,
)
(here / "tokenizer.model").write_bytes(model.getvalue())

sp = spm.SentencePieceProcessor(model_proto=model.getvalue())
texts = lines[:40] + [
    "",
    " ",
    "   two  spaces ",
    "\n",
    "a\nb\n\nc\n\n\nd",
    "<loc0000>pick<loc0001> up<seg000><loc0002>",
    "<bos><pad></s><unk>",
    "Übergroße Tasse – naïve café",
    "拾起黑碗",
    "🤖 pick 👨‍👩‍👧 up",
    "\ufeffBOM",
    "tab\tand\u00a0no-break",
    "x" * 100,
    "▁ underline ▁▁",
    "0123456789 255 -1",
    "Zq~`|^",
    "\u0000null",
]
pieces = [sp.id_to_piece(i) for i in range(sp.get_piece_size())]
alphabet = "abcdefghijklmnopqrstuvwxyz     0123456789.,;:\nTSé黑🤖<>▁" + "<loc0000>"
for _ in range(300):
    parts = [rng.choice(pieces if rng.random() < 0.3 else alphabet) for _ in range(rng.randrange(1, 25))]
    texts.append("".join(parts))
found = [{"text": t, "ids": sp.encode(t), "decoded": sp.decode(sp.encode(t))} for t in texts]
body = ",\n".join(json.dumps(one, ensure_ascii=False) for one in found)
(here / "tokenizer.json").write_text(f'{{"size": {sp.get_piece_size()}, "texts": [\n{body}\n]}}\n')
