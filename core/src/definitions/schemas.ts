import Type, { type Static } from "typebox";

const text = (description: string, options: object = {}) => Type.String({ minLength: 1, description, ...options });
const name = text("Letters, digits and underscores, beginning with a letter; unique per kind.", { pattern: "^[a-z][a-z0-9_]*$" });
const type = text("bool, int64, float64, decimal(p,s), string, timestamp, date, list<T>");
const duration = text("A duration: 30s, 15m, 1h, 7d, 4w", { pattern: "^\\d{1,9}[smhdw]$" });
const closed = { additionalProperties: false };

const described = {
  name,
  description: Type.Optional(text("What it is, for people.")),
  owner: Type.Optional(text("Who answers for it.")),
  tags: Type.Optional(Type.Array(Type.String())),
};
const scalar = Type.Union([Type.String(), Type.Number(), Type.Boolean()]);

const expectation = Type.Object(
  {
    not_null: Type.Optional(Type.Boolean()),
    min: Type.Optional(scalar),
    max: Type.Optional(scalar),
    in: Type.Optional(Type.Array(scalar)),
    null_rate_below: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  },
  closed,
);

const feature = Type.Object(
  {
    name,
    type: Type.Optional(type),
    description: Type.Optional(Type.String()),
    expression: Type.Optional(text("A value of one source row.")),
    aggregate: Type.Optional(text("An aggregate over the window: count(*), avg(x), …")),
    window: Type.Optional(text("How far back: 1h, 7d, …, or unbounded", { pattern: "^(\\d{1,9}[smhdw]|unbounded)$" })),
    default: Type.Optional(scalar),
    pii: Type.Optional(Type.Boolean()),
    expect: Type.Optional(expectation),
  },
  closed,
);

const onDemandFeature = Type.Object(
  {
    name,
    type: Type.Optional(type),
    description: Type.Optional(Type.String()),
    expression: text("A value of the inputs' features and the request."),
    default: Type.Optional(scalar),
    pii: Type.Optional(Type.Boolean()),
    expect: Type.Optional(expectation),
  },
  closed,
);

const entity = Type.Object(
  { kind: Type.Literal("entity"), ...described, keys: Type.Array(Type.Object({ name, type }, closed), { minItems: 1 }) },
  closed,
);

const fromEnvironment = Type.Object({ env: text("The name of an environment variable.") }, closed);

const kafka = Type.Object(
  {
    brokers: Type.Array(text("host:port", { pattern: "^\\S+:\\d{1,5}$" }), { minItems: 1 }),
    topic: text("The topic whose messages are rows as JSON objects."),
    group: Type.Optional(text("The consumer group; default skewproof.PROJECT.SOURCE")),
    tls: Type.Optional(Type.Boolean()),
    sasl: Type.Optional(
      Type.Object(
        {
          mechanism: Type.Enum(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]),
          username: fromEnvironment,
          password: fromEnvironment,
        },
        closed,
      ),
    ),
  },
  closed,
);

const source = Type.Object(
  {
    kind: Type.Literal("source"),
    ...described,
    path: Type.Optional(text("Parquet, CSV or NDJSON; globs; relative to the project.")),
    table: Type.Optional(text("A table of the offline engine.")),
    query: Type.Optional(text("SQL over the project's files.")),
    stream: Type.Optional(Type.Literal(true)),
    schema: Type.Optional(Type.Record(Type.String(), type)),
    event_time: Type.Optional(text("The column that says when a row happened.")),
    known_at: Type.Optional(text("The column that says when a row became known.")),
    tie_break: Type.Optional(text("The column whose greatest value wins among rows of one event time.")),
    lateness: Type.Optional(
      text("How late a row may come and still be found by materialize: 30s, 15m, 1h, 7d", { pattern: "^\\d{1,9}[smhdw]$" }),
    ),
    event_id: Type.Optional(text("The stream's column whose value identifies a row: one that comes again is absorbed.")),
    kafka: Type.Optional(kafka),
  },
  closed,
);

const featureView = Type.Object(
  {
    kind: Type.Literal("feature_view"),
    ...described,
    entity: Type.Optional(text("The entity it describes.")),
    entities: Type.Optional(Type.Array(Type.String(), { minItems: 1 })),
    source: text("Where its rows come from."),
    keys: Type.Optional(Type.Record(Type.String(), Type.String())),
    ttl: Type.Optional(duration),
    refresh: Type.Optional(Type.Object({ every: duration, delay: Type.Optional(duration) }, closed)),
    online: Type.Optional(Type.Boolean()),
    schedule: Type.Optional(text("A cron expression, in UTC: when a running engine or sidecar materializes the view.")),
    features: Type.Array(feature, { minItems: 1 }),
  },
  closed,
);

const onDemandView = Type.Object(
  {
    kind: Type.Literal("on_demand_view"),
    ...described,
    inputs: Type.Optional(Type.Array(Type.String())),
    request: Type.Optional(Type.Record(Type.String(), type)),
    features: Type.Array(onDemandFeature, { minItems: 1 }),
  },
  closed,
);

const featureService = Type.Object(
  { kind: Type.Literal("feature_service"), ...described, features: Type.Array(Type.String(), { minItems: 1 }) },
  closed,
);

const model = Type.Object(
  {
    kind: Type.Literal("model"),
    ...described,
    service: text("The feature service that feeds it."),
    task: Type.Enum(["binary_classification", "multiclass_classification", "regression", "embedding"]),
    output: Type.Object({ name: Type.String(), class: Type.Optional(Type.Integer({ minimum: 0 })) }, closed),
    fill: Type.Optional(Type.Record(Type.String(), scalar)),
  },
  closed,
);

const pipeline = Type.Object(
  {
    kind: Type.Literal("pipeline"),
    ...described,
    command: Type.Array(Type.String(), { minItems: 1 }),
    inputs: Type.Optional(
      Type.Record(
        Type.String(),
        Type.Object(
          {
            service: Type.String(),
            labels: Type.Union([Type.String(), Type.Object({ sql: Type.String() }, closed)]),
            time: Type.Optional(Type.String()),
          },
          closed,
        ),
      ),
    ),
    parameters: Type.Optional(Type.Record(Type.String(), scalar)),
    outputs: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.String(), Type.Object({ model: Type.String(), file: Type.String() }, closed)])),
    ),
    code: Type.Optional(Type.Array(Type.String())),
    requirements: Type.Optional(Type.String()),
  },
  closed,
);

const monitor = Type.Object(
  { kind: Type.Literal("monitor"), ...described, service: Type.String(), reference: Type.String(), window: duration },
  closed,
);

const target = Type.Union([
  Type.Object({ kind: Type.Literal("process"), port: Type.Integer({ minimum: 0, maximum: 65535 }) }, closed),
  Type.Object(
    { kind: Type.Literal("remote"), url: Type.String(), token: Type.Optional(Type.Object({ env: Type.String() }, closed)) },
    closed,
  ),
]);

const secret = Type.Object({ env: text("The environment variable that holds it.") }, closed);

/** `skewproof.yaml` (contracts §2). */
export const projectSchema = Type.Object(
  {
    project: Type.String({ pattern: "^[a-z][a-z0-9_-]*$" }),
    format: Type.Literal(1),
    include: Type.Optional(Type.Array(Type.String())),
    offline: Type.Optional(
      Type.Object({ engine: Type.Enum(["duckdb", "spark", "clickhouse"]), url: Type.Optional(Type.String()) }, closed),
    ),
    online: Type.Optional(
      Type.Object(
        {
          store: Type.Enum(["lmdb", "redis"]),
          path: Type.Optional(text("Folder of the lmdb store; .skewproof/online by default.")),
          url: Type.Optional(text("redis://HOST:PORT, or rediss://HOST:PORT for TLS; without a password.")),
          cluster: Type.Optional(Type.Boolean({ description: "The url is of a node of a Redis Cluster." })),
          sentinel: Type.Optional(
            Type.Object(
              {
                name: text("The master's name at the sentinels."),
                nodes: Type.Array(text("HOST:PORT"), { minItems: 1 }),
                username: Type.Optional(Type.String()),
                password: Type.Optional(secret),
              },
              closed,
            ),
          ),
          ca: Type.Optional(text("PEM file of the certificate authority that signed the server's certificate.")),
          username: Type.Optional(text("ACL user.")),
          password: Type.Optional(secret),
        },
        closed,
      ),
    ),
    targets: Type.Optional(Type.Record(Type.String(), target)),
  },
  closed,
);

/** One schema per kind of definition: the TypeScript types, the validation and the published JSON Schema are this. */
export const kindSchemas = {
  entity,
  source,
  feature_view: featureView,
  on_demand_view: onDemandView,
  feature_service: featureService,
  model,
  pipeline,
  monitor,
} as const;

export type Kind = keyof typeof kindSchemas;
export type Definition<K extends Kind = Kind> = Static<(typeof kindSchemas)[K]>;
export type ProjectSettings = Static<typeof projectSchema>;
export type FeatureDefinition = Static<typeof feature>;
