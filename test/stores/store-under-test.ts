import path from "node:path";

import type { Bytes, KeyReading, KeyWork, KeyWriting, OnlineStore, PartChange } from "skewproof/online/key-value-store";
import { openKeyValueStore } from "skewproof/online/node/open-key-value-store";
import type { OnlineSettings } from "skewproof/registry/bound-project";
import type { LoadedProject } from "skewproof/registry/node/load-project";

/** Opens the store of a project that has nothing but these settings. */
export function open(root: string, online: OnlineSettings, readOnly = false): Promise<OnlineStore> {
  // The opener looks at nothing else of a project.
  return openKeyValueStore({ root, project: { online } } as LoadedProject, { readOnly });
}

export const bytes = (text: string): Bytes => Buffer.from(text);
export const text = (value: Bytes | undefined): string | undefined =>
  value === undefined ? undefined : Buffer.from(value).toString();

/** Reads these parts in one round. */
export function reading(space: string, key: string, ...parts: readonly string[]): KeyReading<readonly (string | undefined)[]> {
  return {
    space,
    key,
    *work(): KeyWork<readonly (string | undefined)[]> {
      return (yield parts).map(text);
    },
  };
}

/** Writes without reading. */
export function writing(key: string, changes: Readonly<Record<string, string | undefined>>): KeyWriting {
  return {
    key,
    // eslint-disable-next-line require-yield -- a work may read nothing
    *work(): KeyWork<readonly PartChange[]> {
      return Object.entries(changes).map(([part, value]) => ({ part, value: value === undefined ? undefined : bytes(value) }));
    },
  };
}

/** Adds to the number in the head, and writes the same into a part that the head names, as large data is written. */
export function adding(key: string, amount: number): KeyWriting {
  return {
    key,
    *work(): KeyWork<readonly PartChange[]> {
      const [head] = yield [""];
      const { total, part } = counted(text(head));
      if (head !== undefined) {
        const [copy] = yield [part];
        if (text(copy) !== String(total)) throw new Error(`${key} has ${total}, its part ${String(text(copy))}`);
      }
      const next = total + amount;
      return [
        { part: "", value: bytes(String(next)) },
        { part: `copy ${next % 3}`, value: bytes(String(next)) },
        ...(head !== undefined && total % 3 !== next % 3 ? [{ part, value: undefined }] : []),
      ];
    },
  };
}

/** The number in the head, read in one round, and in the part that it names, read in the next. */
export function countReading(space: string, key: string): KeyReading<readonly [number, number]> {
  return {
    space,
    key,
    *work(): KeyWork<readonly [number, number]> {
      const [head] = yield [""];
      const { total, part } = counted(text(head));
      if (head === undefined) return [0, 0];
      const [copy] = yield [part];
      return [total, Number(text(copy) ?? -1)];
    },
  };
}

function counted(head: string | undefined): { readonly total: number; readonly part: string } {
  const total = Number(head ?? 0);
  return { total, part: `copy ${total % 3}` };
}

export const childProgram = path.join(import.meta.dirname, "writing-process.mjs");
