#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
#	forward.pl PORT READY
#
# Forwards TCP connections to PORT of this host, each by a process of its own:
# one that is stopped (SIGSTOP) is a peer that answers no more while its kernel
# still acknowledges; one that is killed has reset or closed its connection.
# The port it listens on is written to READY.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;

my ($port, $ready) = @ARGV;
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 128)
    or die "listen: $!\n";
open my $file, '>', "$ready.new" or die "$ready: $!\n";
print $file $listener->sockport, "\n";
close $file;
rename "$ready.new", $ready or die "$ready: $!\n";
$SIG{CHLD} = 'IGNORE';
while (1) {
	my $client = $listener->accept or next;
	my $pid = fork // die "fork: $!\n";
	if ($pid == 0) {
		close $listener;
		forward($client);
		exit 0;
	}
	close $client;
}

sub forward {
	my ($client) = @_;
	my $server = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
	    PeerPort => $port) or return;
	my %other = ($client => $server, $server => $client);
	my $select = IO::Select->new($client, $server);
	while (1) {
		for my $socket ($select->can_read) {
			my $got = sysread $socket, my $data, 65536;
			return if !$got;
			syswrite $other{$socket}, $data or return;
		}
	}
}
