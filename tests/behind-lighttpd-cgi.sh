#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The gateway as a CGI program of lighttpd: what is its own in it.
directory=$(dirname "$0")
WEB_SERVER=lighttpd-cgi exec bats --tap "$directory"/system/operations.bats \
	"$directory"/system/refusals.bats "$directory"/system/servers.bats
