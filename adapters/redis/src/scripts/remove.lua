-- ARGV: the run that the epoch must be of, zeros for any. Answers 1 for each key that had a usable value, 0 for each
-- that had not.
local epoch = epoch_of(ARGV[1])
local answer = {}
for i = 2, #KEYS do
  local _, kind = token_of(KEYS[i], epoch)
  answer[i - 1] = kind == 'V' and 1 or 0
  redis.call('UNLINK', KEYS[i])
end
return answer
