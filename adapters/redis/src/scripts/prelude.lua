-- What all scripts share. KEYS[1] is the epoch of the namespace, KEYS[2] and so on are records:
--   'LR1', 'V' (a value) or 'S' (a stub that holds a lease), epoch (16), token (16),
--   when it was written (8), when it ends or zeros for never (8), the value's envelope.
-- Times are the server's: seconds and microseconds of four bytes each, big-endian.
local NEVER = string.rep('\0', 8)

local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]), tonumber(time[2])
end

-- The epoch all records must bear to be seen: 16 bytes, of which the first 8 name the server's run, zeros for any.
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

-- The head of a record of this epoch. Or nil, and whether something else than a record is there.
local function head_of(key, epoch)
  local head = redis.pcall('GETRANGE', key, 0, 51)
  if type(head) ~= 'string' then return nil, true end
  local kind = string.sub(head, 1, 4)
  if #head < 52 or (kind ~= 'LR1V' and kind ~= 'LR1S') then return nil, head ~= '' end
  if string.sub(head, 5, 20) ~= epoch then return nil, false end
  return head, false
end

-- Writes a value that ends after `ttl` microseconds, -1 for never, or removes it if that is at once. Or why it can't,
-- and then what was there before is gone, too.
local function write(key, epoch, token, ttl, keep, body)
  local after = tonumber(ttl)
  if after == 0 then
    redis.call('UNLINK', key)
    return nil
  end
  local seconds, micros = now()
  local ends, px = NEVER, keep
  if after > 0 then
    local last = micros + after
    ends = struct.pack('>I4I4', seconds + math.floor(last / 1000000), last % 1000000)
    px = string.format('%.0f', math.ceil(after / 1000))
  end
  local written = struct.pack('>I4I4', seconds, micros)
  local set = redis.pcall('SET', key, 'LR1V' .. epoch .. token .. written .. ends .. body, 'PX', px)
  if set.err then
    redis.call('UNLINK', key)
    return set
  end
  return nil
end
