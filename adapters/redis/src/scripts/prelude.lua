-- What all scripts share. KEYS[1] is the epoch of the namespace, KEYS[2] and so on are records:
--   'LR2', 'V' (a value) or 'S' (a stub that holds a lease), the mark of its epoch (8), token (16),
--   when it was written by the server's time (4 bytes of seconds, 4 of microseconds, big-endian), the value's envelope.
-- Those of the version before are read, not written: 'LR1', and 8 bytes more both before the mark and the envelope.
local NEVER = string.rep('\0', 8)

-- The epoch: 16 bytes, of which the first 8 name the server's run, zeros for any; the others are the mark that all
-- records must bear to be seen.
local function epoch_of(run)
  local held = redis.pcall('GET', KEYS[1])
  if type(held) ~= 'string' or #held ~= 16 then return nil end
  if run ~= NEVER and string.sub(held, 1, 8) ~= run then return nil end
  return held
end

-- The epoch, made new from `fresh` if there is none. Or nil and why not.
local function epoch_or(fresh)
  local held = epoch_of(string.sub(fresh, 1, 8))
  if held then return held end
  local set = redis.pcall('SET', KEYS[1], fresh)
  if set.err then return nil, set end
  return fresh
end

-- The token of a record of this epoch, and its kind. Or nil, and whether something else than a record is there.
local function token_of(key, epoch)
  local head = redis.pcall('GETRANGE', key, 0, 51)
  if type(head) ~= 'string' then return nil, true end
  local form, kind = string.sub(head, 1, 3), string.sub(head, 4, 4)
  local spare = (form == 'LR2' and 0) or (form == 'LR1' and 8)
  if not spare or #head < 36 + 2 * spare or (kind ~= 'V' and kind ~= 'S') then return nil, head ~= '' end
  if not epoch or string.sub(head, 5 + spare, 12 + spare) ~= string.sub(epoch, 9) then return nil, false end
  return string.sub(head, 13 + spare, 28 + spare), kind
end

-- Writes a value that ends after `ttl` microseconds, -1 for never, or removes it if that is at once. Or why it can't,
-- and then what was there before is gone, too.
local function write(key, epoch, token, ttl, keep, body)
  local after = tonumber(ttl)
  if after == 0 then
    redis.call('UNLINK', key)
    return nil
  end
  local time = redis.call('TIME')
  local written = struct.pack('>I4I4', tonumber(time[1]), tonumber(time[2]))
  local px = after > 0 and string.format('%.0f', math.ceil(after / 1000)) or keep
  local set = redis.pcall('SET', key, 'LR2V' .. string.sub(epoch, 9) .. token .. written .. body, 'PX', px)
  if set.err then
    redis.call('UNLINK', key)
    return set
  end
  return nil
end
