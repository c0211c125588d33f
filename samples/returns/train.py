"""Trains the return-risk classifier and writes it as ONNX. Same inputs and seed, same bytes."""

import argparse
import json

import numpy as np
import pyarrow.parquet as parquet
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score, roc_auc_score

LABELS = {"invoice", "item", "customer_id", "country", "quantity", "unit_price", "ordered_at", "event_timestamp", "returned"}


def read(path):
    """Features [rows, features] as float32, nulls as NaN, in the file's column order; labels [rows]; feature names.

    Lines without a customer have no label, since nobody can say what became of them: they are scored, but not learned from.
    """
    table = parquet.read_table(path)
    table = table.filter(table["returned"].is_valid())
    names = [name for name in table.column_names if name not in LABELS]
    columns = [table[name].cast("float64").to_numpy(zero_copy_only=False) for name in names]
    return np.column_stack(columns).astype(np.float32), table["returned"].to_numpy(zero_copy_only=False).astype(bool), names


def main():
    parser = argparse.ArgumentParser()
    for name in ("training", "test", "out", "metrics"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--seed", type=int, required=True)
    arguments = parser.parse_args()

    x, y, names = read(arguments.training)
    model = HistGradientBoostingClassifier(
        max_iter=80, max_leaf_nodes=8, learning_rate=0.05, min_samples_leaf=60, l2_regularization=5.0, early_stopping=False, random_state=arguments.seed
    )
    model.fit(x, y)
    onnx = convert_sklearn(
        model, name="return_risk", initial_types=[("features", FloatTensorType([None, len(names)]))],
        options={"zipmap": False}, target_opset={"": 17, "ai.onnx.ml": 3},
    )
    with open(arguments.out, "wb") as file:
        file.write(onnx.SerializeToString(deterministic=True))

    test_x, test_y, _ = read(arguments.test)
    scores = model.predict_proba(test_x)[:, 1]
    metrics = {
        "auc": float(roc_auc_score(test_y, scores)),
        "average_precision": float(average_precision_score(test_y, scores)),
        "rows": len(y),
        "test_rows": len(test_y),
        "features": len(names),
        "returned_share": float(y.mean()),
        "test_returned_share": float(test_y.mean()),
    }
    with open(arguments.metrics, "w") as file:
        json.dump(metrics, file, sort_keys=True)
    print(json.dumps(metrics))


if __name__ == "__main__":
    main()
