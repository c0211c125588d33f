import type { FastifyInstance } from "fastify";

import { isSkewproofError, type ErrorCode } from "../../errors.js";

const httpStatus: Readonly<Record<ErrorCode, number>> = {
  usage: 422,
  invalid: 422,
  missing: 404,
  corrupt: 422,
  unavailable: 503,
  failed: 422,
  cancelled: 499,
};

/** Errors as `{ error, code }` with a fitting status (contracts §6); a defect of ours is 500 and goes to stderr. */
export function setErrors(server: FastifyInstance): void {
  server.setNotFoundHandler(async (request, reply) =>
    reply.code(404).send({
      error: `There is no ${request.method} ${request.url.split("?")[0] ?? ""} here; /openapi.json lists what there is.`,
      code: "missing",
    }),
  );
  server.setErrorHandler(async (error, _, reply) => {
    if (isSkewproofError(error)) {
      if (error.code === "unavailable") void reply.header("retry-after", "1");
      return reply.code(httpStatus[error.code]).send({ error: error.message, code: error.code });
    }
    const known = error as {
      validation?: readonly { instancePath: string; message?: string }[];
      validationContext?: string;
      statusCode?: number;
      message: string;
    };
    const [first] = known.validation ?? [];
    if (first !== undefined)
      return reply.code(422).send({
        error: `${known.validationContext ?? "body"}${first.instancePath.replaceAll("/", ".")} ${first.message ?? "does not fit"}.`,
        code: "usage",
      });
    if (known.statusCode === 413)
      return reply.code(413).send({ error: "The request is larger than 8 MiB; send fewer rows.", code: "too_large" });
    if (known.statusCode !== undefined && known.statusCode < 500)
      return reply
        .code(known.statusCode === 400 ? 422 : known.statusCode)
        .send({ error: `The request could not be read: ${known.message}`, code: "usage" });
    return reply.code(500).send({ error: "This is a defect in Skewproof; the sidecar's log has the details.", code: "internal" });
  });
}
