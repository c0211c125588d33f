import { createHash } from "node:crypto";

/**
 * Rewrites keys, each as one: only where the head's version is the one that was read. KEYS are, of each key, the head's name
 * and the parts' names; ARGV what is to become of each name: for a part `s` and what is to stand, or `d` to remove it. For
 * a head: `r` and the version that was read, or `a` where nothing stood, or `*` where nothing was read (both with 8 bytes
 * that mean nothing); 2 bytes, the number of parts; `s`, `d`, or `v` to change the version alone; the new version; and
 * what is to stand behind it. Answers with the places, from 1, of the keys that another writer changed.
 */
const script = `
local refused, at, place = {}, 1, 0
while at <= #ARGV do
  place = place + 1
  local head = ARGV[at]
  local mode, kind = string.sub(head, 1, 1), string.sub(head, 12, 12)
  local parts = string.byte(head, 10) * 256 + string.byte(head, 11)
  local stands = redis.call('GETRANGE', KEYS[at], 0, 7)
  if stands ~= string.sub(head, 13, 20) then
    if mode == '*' or stands == (mode == 'a' and '' or string.sub(head, 2, 9)) then
      if kind == 's' then redis.call('SET', KEYS[at], string.sub(head, 13))
      elseif kind == 'd' then redis.call('DEL', KEYS[at])
      else redis.call('SETRANGE', KEYS[at], 0, string.sub(head, 13, 20)) end
      for i = at + 1, at + parts do
        if string.sub(ARGV[i], 1, 1) == 's' then redis.call('SET', KEYS[i], string.sub(ARGV[i], 2))
        else redis.call('DEL', KEYS[i]) end
      end
    else
      refused[#refused + 1] = place
    end
  end
  at = at + 1 + parts
end
return refused`;

export const writeScript = { text: script, digest: createHash("sha1").update(script).digest("hex") };

/** A head as it stands: the version, 8 bytes; then, unless the key has parts without a head, a byte 1 and the head. */
export const versionSize = 8;
export const headStart = 9;

/** What the script, or SET, makes stand: the version, the byte, and the head. */
export function headValue(version: bigint, value: Uint8Array): Buffer {
  const stands = Buffer.allocUnsafe(headStart + value.length);
  stands.writeBigUInt64LE(version);
  stands[versionSize] = 1;
  stands.set(value, headStart);
  return stands;
}

/** The script's argument for a head; `read` is the version that was read, empty where nothing stood, undefined unread. */
export function headChange(
  read: string | undefined,
  parts: number,
  change: "keep" | "remove" | Uint8Array,
  version: bigint,
): Buffer {
  const body = typeof change === "string" ? undefined : change;
  const argument = Buffer.allocUnsafe(12 + (body === undefined ? versionSize : headStart + body.length));
  argument.write(read === undefined ? "*" : read === "" ? "a" : `r${read}`, "latin1");
  argument.writeUInt16BE(parts, 9);
  argument.write(change === "keep" ? "v" : change === "remove" ? "d" : "s", 11);
  argument.writeBigUInt64LE(version, 12);
  if (body !== undefined) {
    argument[12 + versionSize] = 1;
    argument.set(body, 12 + headStart);
  }
  return argument;
}
