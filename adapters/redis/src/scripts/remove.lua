-- ARGV: the run that the epoch must be of, zeros for any. Answers 1 for each key that had a usable value, 0 for each
-- that had not.
local epoch = epoch_of(ARGV[1])
local seconds, micros = now()

local function is_usable(head)
  if string.sub(head, 4, 4) ~= 'V' then return false end
  if string.sub(head, 45, 52) == NEVER then return true end
  local last, rest = struct.unpack('>I4I4', string.sub(head, 45, 52))
  return seconds < last or (seconds == last and micros < rest)
end

local answer = {}
for i = 2, #KEYS do
  local head = epoch and head_of(KEYS[i], epoch)
  answer[i - 1] = (head and is_usable(head)) and 1 or 0
  redis.call('UNLINK', KEYS[i])
end
return answer
