import { closeSync, openSync, readSync } from "node:fs";

/** LMDB data format 2: sizes and offsets of its page, meta and node records, little-endian. */
const pageHeader = 24;
const metaSize = 144;
const nodeHeader = 8;
const magic = 0xbeefc0de;
const branchFlag = 0x01;
const leafFlag = 0x02;
const overflowFlag = 0x04;
const bigDataFlag = 0x01;
const noPage = 0xffff_ffff_ffff_ffffn;

interface Tree {
  readonly depth: number;
  readonly root: number;
}

interface Meta {
  readonly pageSize: number;
  readonly transaction: bigint;
  readonly lastPage: number;
  readonly trees: readonly Tree[];
}

/** Says what is wrong with a file, in words that end a sentence; undefined where nothing is. */
type Fault = string | undefined;

/**
 * What LMDB's native code does not check before it maps a file, and dies of: the size and both meta pages.
 */
export function faultInHeader(file: string): Fault {
  return withFile(file, (descriptor) => {
    const metas = readMetas(descriptor);
    return typeof metas === "string" ? metas : undefined;
  });
}

/**
 * Walks every page that the newest snapshot reaches, as native code would follow it, and gives each entry to `entryFault`.
 * A read transaction must be open meanwhile, so that no writer takes these pages for something else.
 */
export function faultInPages(file: string, entryFault: (key: Buffer, value: Buffer) => Fault): Fault {
  return withFile(file, (descriptor) => {
    const metas = readMetas(descriptor);
    if (typeof metas === "string") return metas;
    const newest = metas.reduce((best, meta) => (meta.transaction > best.transaction ? meta : best));
    const walk: Walk = { descriptor, pageSize: newest.pageSize, lastPage: newest.lastPage, entryFault, visited: new Set() };
    for (const [index, tree] of newest.trees.entries()) {
      if (tree.depth === 0) continue;
      const fault = faultInPage(walk, tree.root, tree.depth, index === 1);
      if (fault !== undefined) return fault;
    }
    return undefined;
  });
}

interface Walk {
  readonly descriptor: number;
  readonly pageSize: number;
  readonly lastPage: number;
  readonly entryFault: (key: Buffer, value: Buffer) => Fault;
  readonly visited: Set<number>;
}

function faultInPage(walk: Walk, number: number, depth: number, ours: boolean): Fault {
  const { pageSize } = walk;
  const page = readPage(walk, number, pageSize);
  if (typeof page === "string") return page;
  const wanted = depth > 1 ? branchFlag : leafFlag;
  const lower = page.readUInt16LE(20);
  const upper = page.readUInt16LE(22);
  if (Number(page.readBigUInt64LE(0)) !== number || (page.readUInt16LE(18) & 0xf) !== wanted)
    return `page ${number} is not the page it should be`;
  if (lower % 2 !== 0 || lower < 2 || lower > upper || upper > pageSize - pageHeader) return `page ${number} has a wrong header`;
  for (let at = 0; at < lower; at += 2) {
    const fault = faultInNode(walk, page, number, pageHeader + page.readUInt16LE(pageHeader + at), depth, ours);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function faultInNode(walk: Walk, page: Buffer, number: number, node: number, depth: number, ours: boolean): Fault {
  const outside = `page ${number} has an entry that reaches outside it`;
  if (node + nodeHeader > walk.pageSize) return outside;
  const low = page.readUInt32LE(node);
  const flags = page.readUInt16LE(node + 4);
  const keyEnd = node + nodeHeader + page.readUInt16LE(node + 6);
  if (keyEnd > walk.pageSize) return outside;
  if (depth > 1) return faultInPage(walk, low + flags * 2 ** 32, depth - 1, ours);
  const key = page.subarray(node + nodeHeader, keyEnd);
  if (flags === 0) {
    if (keyEnd + low > walk.pageSize) return outside;
    return ours ? walk.entryFault(key, page.subarray(keyEnd, keyEnd + low)) : undefined;
  }
  if (flags !== bigDataFlag) return `page ${number} has an entry of an unknown kind`;
  if (keyEnd + 24 > walk.pageSize) return outside;
  const first = Number(page.readBigUInt64LE(keyEnd));
  const pages = Number(page.readBigUInt64LE(keyEnd + 16));
  if (pages < Math.ceil((pageHeader + low) / walk.pageSize)) return `page ${number} has an entry of a wrong length`;
  const big = readPage(walk, first, pageHeader + low);
  if (typeof big === "string") return big;
  if ((big.readUInt16LE(18) & 0xf) !== overflowFlag || big.readUInt32LE(20) !== pages)
    return `page ${first} is not the page it should be`;
  return ours ? walk.entryFault(key, big.subarray(pageHeader)) : undefined;
}

function readPage({ descriptor, pageSize, lastPage, visited }: Walk, number: number, length: number): Buffer | string {
  if (visited.has(number)) return `page ${number} is reached twice`;
  visited.add(number);
  const page = Buffer.allocUnsafe(length);
  const position = number * pageSize;
  if (number < 2 || number > lastPage || !Number.isSafeInteger(position)) return `page ${number} cannot be`;
  // The whole last page must be there: native code maps pages, and a page beyond the end ends the process.
  if (readSync(descriptor, page, 0, length, position) !== length) return `page ${number} lies beyond its end`;
  return page;
}

/** Another process may write a header between two reads of them: a fault must stay. */
function readMetas(descriptor: number): readonly Meta[] | string {
  for (let tries = 1; ; tries++) {
    const metas = readMetasOnce(descriptor);
    if (typeof metas !== "string" || tries === 20) return metas;
  }
}

function readMetasOnce(descriptor: number): readonly Meta[] | string {
  const first = readMeta(descriptor, 0);
  if (typeof first === "string") return first;
  const second = readMeta(descriptor, first.pageSize);
  if (typeof second === "string") return second;
  if (second.pageSize !== first.pageSize) return "its two headers disagree";
  // lmdb-js keeps a third meta record, of the last snapshot that is on disk: it cannot be ahead of both others.
  const flushed = Buffer.alloc(8);
  readSync(descriptor, flushed, 0, 8, first.pageSize / 2 + pageHeader + 128);
  const [older, newer] = first.transaction > second.transaction ? [second, first] : [first, second];
  if (flushed.readBigUInt64LE(0) > newer.transaction) return "its headers are older than its data";
  // Every transaction writes the header that the one before it did not.
  const apart = newer.transaction - older.transaction;
  if (apart > 1n || (apart === 0n && JSON.stringify(newer.trees) !== JSON.stringify(older.trees)))
    return "its headers are not of one history";
  return [first, second];
}

function readMeta(descriptor: number, position: number): Meta | string {
  const page = Buffer.alloc(pageHeader + metaSize);
  const meta = page.subarray(pageHeader);
  if (readSync(descriptor, page, 0, page.length, position) !== page.length) return "it is too short";
  if (meta.readUInt32LE(0) !== magic) return "it is no LMDB file";
  if ((meta.readUInt32LE(4) & 0xffff) !== 2) return "it has another LMDB's format";
  const pageSize = meta.readUInt32LE(24);
  if (pageSize < 512 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0) return "its page size is wrong";
  const trees: Tree[] = [];
  for (const start of [24, 72]) {
    const depth = meta.readUInt16LE(start + 6);
    const root = meta.readBigUInt64LE(start + 40);
    // The main tree has no flags: with any, native code would take its entries for something else.
    if (start === 72 && meta.readUInt16LE(start + 4) !== 0) return "its header has wrong flags";
    if (depth > 32 || (depth === 0) !== (root === noPage)) return "its header names no root page";
    trees.push({ depth, root: Number(root) });
  }
  return { pageSize, transaction: meta.readBigUInt64LE(128), lastPage: Number(meta.readBigUInt64LE(120)), trees };
}

function withFile<T>(file: string, use: (descriptor: number) => T): T {
  const descriptor = openSync(file, "r");
  try {
    return use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
