"""Trains the late-flights classifier and writes it as ONNX. Same inputs and seed, same bytes."""

import argparse
import json

import numpy as np
import pyarrow.parquet as parquet
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

LABELS = {"origin", "destination", "event_timestamp", "scheduled_at", "distance", "late"}


def read(path):
    """Features [rows, features] as float32, nulls as NaN, in the file's column order; labels [rows]; feature names."""
    table = parquet.read_table(path)
    names = [name for name in table.column_names if name not in LABELS]
    columns = [table[name].cast("float64").to_numpy(zero_copy_only=False) for name in names]
    return np.column_stack(columns).astype(np.float32), table["late"].to_numpy(zero_copy_only=False).astype(bool), names


def main():
    parser = argparse.ArgumentParser()
    for name in ("training", "test", "out", "metrics"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--seed", type=int, required=True)
    arguments = parser.parse_args()

    x, y, names = read(arguments.training)
    model = HistGradientBoostingClassifier(max_iter=120, max_leaf_nodes=24, learning_rate=0.08, early_stopping=False, random_state=arguments.seed)
    model.fit(x, y)
    onnx = convert_sklearn(
        model, name="late_flight", initial_types=[("features", FloatTensorType([None, len(names)]))],
        options={"zipmap": False}, target_opset={"": 17, "ai.onnx.ml": 3},
    )
    with open(arguments.out, "wb") as file:
        file.write(onnx.SerializeToString(deterministic=True))

    test_x, test_y, _ = read(arguments.test)
    metrics = {"auc": float(roc_auc_score(test_y, model.predict_proba(test_x)[:, 1])), "rows": len(y), "test_rows": len(test_y), "features": len(names), "late_share": float(y.mean())}
    with open(arguments.metrics, "w") as file:
        json.dump(metrics, file, sort_keys=True)
    print(json.dumps(metrics))


if __name__ == "__main__":
    main()
