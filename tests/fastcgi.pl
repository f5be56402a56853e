#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# FastCGI without a web server, for tests of what no web server would do.
#
#	fastcgi.pl serve SOCKET PROGRAM...
#		runs a program with SOCKET, listening, as standard input
#	fastcgi.pl pool COUNT SOCKET PROGRAM...
#		keeps so many of it on one SOCKET: one that ends is replaced;
#		SIGTERM ends them all
#	fastcgi.pl request [-n COUNT] [-s BYTES] SOCKET NAME=VALUE... <body
#		sends a request, or so many at once, and prints the answers;
#		with -s it sends only so many bytes of the records, then
#		closes its side
use strict;
use warnings;
use IO::Socket::UNIX;
use POSIX ();

# One record: version 1, type, request 1.
sub record {
	my ($type, $content) = @_;
	return pack('CCnnCC', 1, $type, 1, length $content, 0, 0) . $content;
}

# A long content in records of at most 32,000 bytes, and the empty one.
sub stream {
	my ($type, $content) = @_;
	my $records = '';
	$records .= record($type, $_) for unpack('(a32000)*', $content);
	return $records . record($type, '');
}

sub name_value {
	my ($name, $value) = @_;
	my $length = sub { $_[0] < 128 ? chr $_[0] : pack 'N', $_[0] | 1 << 31 };
	return $length->(length $name) . $length->(length $value) .
	    $name . $value;
}

sub serve {
	my ($path, @program) = @_;
	my $socket = IO::Socket::UNIX->new(Local => $path, Listen => 128)
	    or die "$path: $!\n";
	POSIX::dup2(fileno $socket, 0);
	exec @program or die "$program[0]: $!\n";
}

sub pool {
	my ($count, $path, @program) = @_;
	my $socket = IO::Socket::UNIX->new(Local => $path, Listen => 1024)
	    or die "$path: $!\n";
	my %members;
	my $leaving = 0;
	$SIG{TERM} = sub { $leaving = 1; kill 'TERM', keys %members };
	while (1) {
		while (!$leaving && keys %members < $count) {
			my $pid = fork // die "fork: $!\n";
			if ($pid == 0) {
				POSIX::dup2(fileno $socket, 0);
				exec @program or die "$program[0]: $!\n";
			}
			$members{$pid} = 1;
		}
		my $pid = wait;
		delete $members{$pid};
		last if $leaving && !%members;
	}
}

sub send_request {
	my ($path, $records, $cut) = @_;
	my $socket = IO::Socket::UNIX->new(Peer => $path)
	    or die "$path: $!\n";
	print $socket $records;
	$socket->flush;
	shutdown $socket, 1 if $cut;
	return $socket;
}

sub print_answer {
	my ($socket) = @_;
	while ((read $socket, my $head, 8) // 0) {
		my (undef, $type, undef, $length, $padding) =
		    unpack 'CCnnC', $head;
		read $socket, my $content, $length + $padding;
		print substr $content, 0, $length if $type == 6;
		last if $type == 3;
	}
}

sub request {
	my %option = (n => 1);
	$option{$1} = (splice @_, 0, 2)[1] while $_[0] =~ /^-([ns])$/;
	my ($path, @variables) = @_;
	my $body = do { local $/; <STDIN> } // '';
	my $records = record(1, pack 'nCx5', 1, 0) .
	    stream(4, join '', map { name_value(split /=/, $_, 2) }
	    @variables) . stream(5, $body);
	$records = substr $records, 0, $option{s} if defined $option{s};
	my @sockets = map { send_request($path, $records, defined $option{s}) }
	    1 .. $option{n};
	print_answer($_) for @sockets;
}

my $action = shift // '';
my %actions = (serve => \&serve, pool => \&pool, request => \&request);
($actions{$action} // die "usage: see the beginning of $0\n")->(@ARGV);
