/** A file of a stream's log: rows `first` to `last`; of an open or sealed tail, `last` is in the file. */
export type LogFile =
  | { readonly kind: "tail"; readonly name: string; readonly first: bigint }
  | {
      readonly kind: "segment" | "set aside";
      readonly name: string;
      readonly first: bigint;
      readonly last: bigint;
      readonly digest: string;
    };

const digits = (position: bigint): string => String(position).padStart(19, "0");

/** Rows as NDJSON from `first` on; the last one grows. */
export const tailName = (first: bigint): string => `${digits(first)}.ndjson`;

/** Rows as Parquet, with the first 16 digits of the file's SHA-256. */
export const segmentName = (first: bigint, last: bigint, sha256: string): string =>
  `${digits(first)}-${digits(last)}-${sha256.slice(0, 16)}.parquet`;

/** The log's files among all names of its folder, by first row; a tail that was rolled into a segment is left out. */
export function logFiles(names: readonly string[]): LogFile[] {
  const files = names.flatMap((name): LogFile[] => {
    const match = /^(\d{19})(?:\.ndjson|-(\d{19})-([0-9a-f]{16})\.parquet(\.damaged)?)$/.exec(name);
    const [, first = "", last, digest = "", damaged] = match ?? [];
    if (match === null) return [];
    if (last === undefined) return [{ kind: "tail", name, first: BigInt(first) }];
    return [{ kind: damaged === undefined ? "segment" : "set aside", name, first: BigInt(first), last: BigInt(last), digest }];
  });
  const rolled = new Set(files.filter(({ kind }) => kind !== "tail").map(({ first }) => first));
  return files
    .filter(({ kind, first }) => kind !== "tail" || !rolled.has(first))
    .sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
}
