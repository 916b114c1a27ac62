-- Asks for the addresses in the file ADDRESSES one after the other, each thread from a place of its own.
local requests, at, threads = {}, 0, 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(_)
  local headers = { ["Accept-Encoding"] = "gzip" }
  if os.getenv("COOKIE") ~= "" then headers["Cookie"] = os.getenv("COOKIE") end
  for path in io.lines(os.getenv("ADDRESSES")) do
    requests[#requests + 1] = wrk.format("GET", path, headers)
  end
  -- Another beginning every time, or answers kept from the last round would serve this one.
  at = (tonumber(os.getenv("BEGIN")) + math.floor(number * #requests / 2)) % #requests
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency, _)
  io.write(string.format(
    '\nRESULT {"requests": %d, "seconds": %.4f, "bytes": %d, "p50": %.3f, "p95": %.3f, "p99": %.3f, "errors": %d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50) / 1e3, latency:percentile(95) / 1e3,
    latency:percentile(99) / 1e3, summary.errors.status + summary.errors.connect + summary.errors.read
    + summary.errors.write + summary.errors.timeout))
end
