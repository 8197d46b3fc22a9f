-- ARGV: a fresh epoch, for how many milliseconds to keep what never ends, and for each key the token of its lease, a
-- fresh token, its life in microseconds, its envelope. Answers 1 for each key that was filled and 0 for each whose
-- lease is void, or the first failure; the key that failed is removed, and those after it are left as they are.
local epoch = epoch_of(string.sub(ARGV[1], 1, 8))
local answer = {}
local failure
for i = 2, #KEYS do
  local at = 4 * i - 5
  if epoch and not failure and token_of(KEYS[i], epoch) == ARGV[at] then
    failure = write(KEYS[i], epoch, ARGV[at + 1], ARGV[at + 2], ARGV[2], ARGV[at + 3])
    answer[i - 1] = 1
  else
    answer[i - 1] = 0
  end
end
return failure or answer
