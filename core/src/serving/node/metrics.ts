import { Counter, Gauge, Histogram, Registry } from "prom-client";

export type Stage = "parse" | "features" | "inference" | "respond";

/** The sidecar's Prometheus metrics; one registry per sidecar. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  const buckets = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];
  return {
    registry,
    requests: new Counter({
      name: "skewproof_requests_total",
      help: "Requests by route and status",
      labelNames: ["route", "status"],
      registers,
    }),
    latency: new Histogram({
      name: "skewproof_request_seconds",
      help: "Time from first byte to answer, by route",
      labelNames: ["route"],
      buckets,
      registers,
    }),
    stage: new Histogram({
      name: "skewproof_stage_seconds",
      help: "Time of a prediction's stages",
      labelNames: ["stage"],
      buckets,
      registers,
    }),
    rows: new Counter({
      name: "skewproof_predictions_total",
      help: "Rows predicted, by model and version",
      labelNames: ["model", "version"],
      registers,
    }),
    unanswered: new Counter({
      name: "skewproof_unanswered_reads_total",
      help: "Requests that got a view's defaults, since the online store did not answer in time",
      labelNames: ["view"],
      registers,
    }),
    shed: new Counter({
      name: "skewproof_shed_requests_total",
      help: "Requests refused with 503, since more came than could be answered in time",
      registers,
    }),
    logLost: new Counter({
      name: "skewproof_feature_log_lost_rows_total",
      help: "Served rows that could not be logged: the disk did not take them in time",
      registers,
    }),
    logPending: new Gauge({ name: "skewproof_feature_log_pending_rows", help: "Served rows not yet on disk", registers }),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
