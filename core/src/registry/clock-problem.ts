import type { DiagnosticCode } from "../diagnostic-codes.js";
import type { ExpressionProblem } from "../diagnostic.js";

const clock =
  /^(now|today|current_date|current_time|current_timestamp|localtime|localtimestamp|sysdate|getdate|get_current_timestamp|transaction_timestamp)$/i;
const chance = /^(random|rand|uuid|gen_random_uuid)$/i;

/** The same problem, or, where an unknown name is SQL's clock or dice, what to write in its place. */
export function clockProblem(problem: ExpressionProblem, text: string): ExpressionProblem {
  const word = text.slice(problem.span.start, problem.span.end);
  const isUnknown = problem.code === "unknown-function" || problem.code === "unknown-column";
  if (!isUnknown || !(clock.test(word) || chance.test(word))) return problem;
  const code: DiagnosticCode = "clock-in-expression";
  const why = clock.test(word)
    ? `${word} is another moment in training than when serving. A feature belongs to the moment it is asked for: use a \`window\` or \`ttl\` for what is recent, or a \`request\` column of an on-demand view for the moment itself.`
    : `${word} gives another value each time, so that training and serving never agree. Use hash_bucket(key, n) for a stable split.`;
  return { code, message: why, span: problem.span };
}
