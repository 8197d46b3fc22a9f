-- ARGV: a fresh epoch, for how many milliseconds to keep what never ends, and for each key a token, its life in
-- microseconds, its envelope. Answers OK, or the first failure; the key that failed is removed, and all after it.
local epoch, failure = epoch_or(ARGV[1])
for i = 2, #KEYS do
  local at = 3 * i - 3
  if not failure then
    failure = write(KEYS[i], epoch, ARGV[at], ARGV[at + 1], ARGV[2], ARGV[at + 2])
  else
    redis.call('UNLINK', KEYS[i])
  end
end
return failure or redis.status_reply('OK')
