-- SPDX-License-Identifier: Apache-2.0
--
-- Ends what a host that was found dead still has of HAProxy's requests, so that
-- they go to another ("retry-on empty-response").  "on-marked-down
-- shutdown-sessions" does that at once, and so also ends a request that is just
-- being connected to that host: its caller gets no answer at all.  This waits
-- until none is, which takes "timeout connect" at most.

-- Milliseconds: how often it looks, and how long a host has to be down; more
-- than "timeout connect".
local every, wait = 100, 400

core.register_task(function()
	local down = {}
	while true do
		core.msleep(every)
		local hosts = core.backends["push-gateway"].servers
		for name, host in pairs(hosts) do
			local status = host:get_stats().status
			local before = down[name] or 0
			-- "DOWN 1/2", too.
			down[name] = status:find("^DOWN") and before + every or 0
			if before < wait and down[name] >= wait then
				host:shut_sess()
			end
		end
	end
end)
