import { createHash } from "node:crypto";

/**
 * Rewrites keys, each as one: only where the head's version is the one that was read. Of each key it is given, in KEYS, the
 * head's name and the parts' names; in ARGV the version that was read (empty: nothing stood; `*`: nothing was read),
 * the new version, the number of parts, then for the head and each part `s` and what is to stand, `d` to remove it, or
 * for the head `v` to change the version alone. Answers with the places, from 1, of the keys that another writer changed.
 */
const script = `
local refused, k, a, place = {}, 1, 1, 0
while a <= #ARGV do
  place = place + 1
  local read, new, parts = ARGV[a], ARGV[a + 1], tonumber(ARGV[a + 2])
  local stands = redis.call('GETRANGE', KEYS[k], 0, 7)
  if stands ~= new then
    if read ~= '*' and stands ~= read then
      refused[#refused + 1] = place
    else
      for i = 0, parts do
        local change = ARGV[a + 3 + i]
        local kind = string.sub(change, 1, 1)
        if kind == 's' then redis.call('SET', KEYS[k + i], string.sub(change, 2))
        elseif kind == 'd' then redis.call('DEL', KEYS[k + i])
        else redis.call('SETRANGE', KEYS[k + i], 0, new) end
      end
    end
  end
  k = k + 1 + parts
  a = a + 4 + parts
end
return refused`;

export const writeScript = { text: script, digest: createHash("sha1").update(script).digest("hex") };

/** A head as it stands: the version, 8 bytes; then, unless the key has parts without a head, a byte 1 and the head. */
export const versionSize = 8;
export const headStart = 9;
