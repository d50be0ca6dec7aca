"""The saved arrays say what scikit-learn says, load safely, and don't depend on how a stream is cut."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.learning.labels import Labelled
from pipeline.learning.model import Model, load_model, save_model
from pipeline.learning.ngrams import KeyTable, key_of, keys_of, keys_of_one
from pipeline.learning.seen import Seen, see
from pipeline.learning.train import Trained, Vectorisers, train

LITERAL = frozenset(["12315"])
TAGS = ["need", "refund", "negative"]
WORDS = [
    "我想买一台",
    "需要",
    "退款",
    "怎么退货",
    "太差了",
    "无语",
    "好的",
    "谢谢",
    "在吗",
    "预算五千",
    "多少钱",
    "明天到",
]


def lines() -> list[Labelled]:
    rng = random.Random(3)
    made = []
    for _ in range(400):
        words = rng.sample(WORDS, 3)
        tags = [t for t, w in (("need", "需要"), ("refund", "退"), ("negative", "太差了")) if any(w in x for x in words)]
        context = ("agent: 您要什么", "agent: 还有别的问题吗")[: rng.randrange(3)]
        made.append(Labelled("，".join(words) + rng.choice("。！？"), tuple(tags), context=context))
    return made


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train({"ours.jsonl": lines()}, TAGS, LITERAL)


@pytest.fixture(scope="module")
def model(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Model:
    directory = tmp_path_factory.mktemp("model")
    save_model(directory, trained.info, trained.arrays)
    return load_model(directory)


TEXTS = st.lists(st.sampled_from(WORDS) | st.text(max_size=8), min_size=0, max_size=6).map("，".join)


def test_scores_equal_scikit_learns(trained: Trained, model: Model) -> None:
    seen = [see(line.text, line.context, LITERAL) for line in lines()]
    vectorisers = Vectorisers()
    vectorisers.fit(seen)
    weights = np.vstack([trained.arrays["text_weights"], trained.arrays["before_weights"]])
    others = [Seen("一段没见过的文字 退款", "您要什么"), Seen("", ""), Seen("退退退退款款", "")]
    expected = vectorisers.transform(seen + others) @ weights + trained.arrays["bias"]
    assert np.allclose(model.logits(seen + others), expected, rtol=1e-5, atol=1e-5)


@settings(deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=12), st.integers(1, 11))
def test_how_a_stream_is_cut_into_blocks_changes_no_bit(model: Model, texts: list[str], cut: int) -> None:
    seen = [see(t, (), LITERAL) for t in texts]
    whole = model.logits(seen)
    parts = np.vstack([model.logits(seen[:cut]), model.logits(seen[cut:])])
    assert (whole == parts).all()


def test_the_same_lines_give_the_same_bytes(trained: Trained, tmp_path: Path) -> None:
    again = train({"ours.jsonl": lines()}, TAGS, LITERAL)
    for name, result in (("a", trained), ("b", again)):
        save_model(tmp_path / name, result.info, result.arrays)
    for file in ("model.json", "model.npz"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_the_clause_that_speaks_for_a_tag_is_found(model: Model) -> None:
    text = "好的,在吗,怎么退货"
    assert model.best_clauses([text], ["refund"], [[3, 6, 10]]) == [2]


@given(st.lists(st.text(alphabet=st.characters(exclude_characters="\0"), max_size=6), min_size=1, max_size=4))
def test_keys_of_many_texts_are_the_keys_of_each(texts: list[str]) -> None:
    keys, owners, starts = keys_of(texts, 3)
    for i, text in enumerate(texts):
        mine = [(int(k), int(s)) for k, o, s in zip(keys, owners, starts, strict=True) if o == i]
        grams = [text[s : s + n] for n in (1, 2, 3) for s in range(len(text) - n + 1)]
        assert [k for k, _ in mine] == [key_of(g) for g in grams] == keys_of_one(text, 3)
        assert [s for _, s in mine] == [s for n in (1, 2, 3) for s in range(len(text) - n + 1)]


@given(st.sets(st.integers(1, 2**63 - 1), min_size=1, max_size=200), st.lists(st.integers(1, 2**63 - 1), max_size=50))
def test_the_table_knows_its_keys_and_no_others(keys: set[int], others: list[int]) -> None:
    known = sorted(keys)
    table = KeyTable(np.array(known, dtype=np.uint64))
    assert table.look_up(np.array(known, dtype=np.uint64)).tolist() == list(range(len(known)))
    expected = [known.index(k) if k in keys else -1 for k in others]
    assert table.look_up(np.array(others, dtype=np.uint64)).tolist() == expected


@pytest.mark.parametrize("damage", ["missing", "no json", "cut arrays", "pickled arrays", "other format", "other sizes"])
def test_a_model_that_cannot_be_used_is_named(trained: Trained, tmp_path: Path, damage: str) -> None:
    if damage != "missing":
        save_model(tmp_path, trained.info, trained.arrays)
    if damage == "no json":
        (tmp_path / "model.json").write_text("{")
    elif damage == "cut arrays":
        (tmp_path / "model.npz").write_bytes((tmp_path / "model.npz").read_bytes()[:200])
    elif damage == "pickled arrays":
        np.savez(tmp_path / "model.npz", **(trained.arrays | {"text_idf": np.array([{}], dtype=object)}))
    elif damage == "other format":
        (tmp_path / "model.json").write_text((tmp_path / "model.json").read_text().replace('"format": ', '"format": 9'))
    elif damage == "other sizes":
        save_model(tmp_path, trained.info, trained.arrays | {"bias": np.zeros(1, dtype=np.float32)})
    with pytest.raises(InputError, match=r"model\.(json|npz)"):
        load_model(tmp_path)
