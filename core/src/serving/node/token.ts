import { randomBytes, timingSafeEqual } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";

/** The token in a file that only its owner can read; made when it is not there. */
export function ensureToken(file: string): string {
  if (existsSync(file)) return readFileSync(file, "utf8").trim();
  const token = randomBytes(32).toString("base64url");
  mkdirSync(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, `${token}\n`, { mode: 0o600 });
  renameSync(temporary, file);
  return token;
}

/**
 * Whether an Authorization header carries the token, compared in constant time (but for its length): as Bearer, or as the password of Basic,
 * which clients send that know nothing but a URL (`http://:TOKEN@127.0.0.1:8480`).
 */
export function authorizer(token: string): (header: string | undefined) => boolean {
  const expected = Buffer.from(token);
  return (header) => {
    const [scheme = "", credentials = ""] = (header ?? "").split(" ");
    const kind = scheme.toLowerCase();
    const given =
      kind === "bearer"
        ? Buffer.from(credentials)
        : kind === "basic"
          ? Buffer.from(
              Buffer.from(credentials, "base64")
                .toString("utf8")
                .replace(/^[^:]*:/, ""),
            )
          : Buffer.alloc(0);
    return given.length === expected.length && timingSafeEqual(given, expected);
  };
}
