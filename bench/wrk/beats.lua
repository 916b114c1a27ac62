-- Learners in turn, each sending the next request of their playback: their own seq, nonce and clock.
-- A learner's next turn comes only after all others had theirs, so their requests never overtake each other.
local learners, at, threads, wrong = {}, 0, 0, 0
local everybody = {}

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
  everybody[threads] = thread
end

function init(_)
  local line_number = 0
  for line in io.lines(os.getenv("SITTINGS")) do
    line_number = line_number + 1
    if line_number % 2 == number % 2 then
      local code, token, opened, seq, words = line:match("^(%S+) (%S+) (%d+) (%d+) (.*)$")
      local one = {
        path = os.getenv("PREFIX") .. code .. (os.getenv("SUFFIX") or ""),
        headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. token },
        opened = tonumber(opened), seq = tonumber(seq), used = 0, words = {},
      }
      for word in words:gmatch("%S+") do one.words[#one.words + 1] = word end
      learners[#learners + 1] = one
    end
  end
  wrong_answers = 0
  is_probe = number == 0 -- wrk makes one request of the first thread's to look at it, and never sends it
end

function request()
  if is_probe then
    is_probe = false
    return wrk.format("GET", "/healthz")
  end
  at = at % #learners + 1
  local one = learners[at]
  one.used = one.used + 1
  local done_s = os.time() - one.opened
  local body = string.format('{"nonce":"%s","seq":%d,"beats":[{"t_ms":%d,"from_s":%d,"to_s":%d,"rate":1}]}',
    one.words[one.used] or "used up", one.seq, done_s * 1000, math.max(0, (one.last or done_s - 15)), done_s)
  one.seq, one.last = one.seq + 1, done_s
  return wrk.format("POST", one.path, one.headers, body)
end

function response(status, _, body)
  if status ~= 200 or not body:find("credited_s", 1, true) then
    wrong_answers = wrong_answers + 1
    if wrong_answers <= 3 then io.stderr:write(status, " ", body:sub(1, 300), "\n") end
  end
end

function done(summary, latency, _)
  for _, thread in ipairs(everybody) do wrong = wrong + thread:get("wrong_answers") end
  local e = summary.errors
  if wrong + e.connect + e.read + e.write + e.timeout > 0 then
    io.stderr:write(string.format("wrong answers %d, connect %d, read %d, write %d, timeout %d\n", wrong, e.connect, e.read, e.write, e.timeout))
  end
  io.write(string.format(
    '\nRESULT {"requests": %d, "seconds": %.4f, "bytes": %d, "p50": %.3f, "p95": %.3f, "p99": %.3f, "errors": %d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50) / 1e3, latency:percentile(95) / 1e3,
    latency:percentile(99) / 1e3, wrong + summary.errors.connect + summary.errors.read + summary.errors.write
    + summary.errors.timeout))
end
