-- ARGV: a fresh epoch, for how many milliseconds a lease is good, a fresh token for each key.
-- Answers how many keys held something else than a record, and the token of each: that of the value or the stub which
-- is there, or that of a new stub. Where no room is left for a stub, its token fills nothing.
local epoch = epoch_or(ARGV[1])
local good = tonumber(ARGV[2])
local answer = { 0 }
for i = 2, #KEYS do
  local token, strange = token_of(KEYS[i], epoch)
  if token then
    answer[i] = token
    local left = redis.call('PTTL', KEYS[i])
    if left >= 0 and left < good then redis.call('PEXPIRE', KEYS[i], ARGV[2]) end
  else
    if strange then answer[1] = answer[1] + 1 end
    answer[i] = ARGV[i + 1]
    if epoch then
      redis.pcall('SET', KEYS[i], 'LR2S' .. string.sub(epoch, 9) .. ARGV[i + 1] .. NEVER, 'PX', ARGV[2])
    end
  end
end
return answer
