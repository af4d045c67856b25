-- wrk's part: sends the requests that a file lists, one line each ("method<TAB>path", and "<TAB>name: value" for each
-- field), over and over, and prints what it measured as one line of JSON.

local requests = {}
local next_request = 0

function init(args)
    for line in io.lines(args[1]) do
        local method, path, fields = line:match("^([^\t]+)\t([^\t]+)(.*)$")
        local headers = { Host = wrk.headers["Host"] }
        for name, value in fields:gmatch("\t([^:]+): ([^\t]*)") do headers[name] = value end
        requests[#requests + 1] = wrk.format(method, path, headers)
    end
end

function request()
    next_request = next_request % #requests + 1
    return requests[next_request]
end

function done(summary, latency, _)
    local errors = summary.errors
    io.write(string.format(
        '{"requests":%d,"microseconds":%d,"bytes":%d,"refused":%d,"broken":%d,"p50":%d,"p99":%d}\n',
        summary.requests, summary.duration, summary.bytes, errors.status,
        errors.connect + errors.read + errors.write + errors.timeout,
        latency:percentile(50), latency:percentile(99)))
end
