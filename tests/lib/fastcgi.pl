#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# FastCGI without a web server, for tests of what no web server would do.
#
#	fastcgi.pl serve SOCKET PROGRAM...
#		runs a program with SOCKET, listening, as standard input;
#		a path, or ADDRESS:PORT
#	fastcgi.pl pool COUNT SOCKET PROGRAM...
#		keeps so many of it on one SOCKET: one that ends is replaced;
#		SIGTERM ends them all, SIGUSR2 makes accepting block
#	fastcgi.pl request [OPTION...] SOCKET NAME=VALUE... <body
#		sends a request and prints the answer
#		-n COUNT	so many of them at once
#		-s BYTES	sends only so many bytes of the records, then
#				closes its side
#		-l BYTES	leaves off so many, and stays
#		-w FILE		sends a byte every 100 ms until FILE is there
#		-b 1		and all before the body at once
#		-o 1		in odd records that are lawful
#		-e 1		with an empty record before the body and after it
#		-r FILE		reads nothing until FILE is there, or for 100 s
#		-k PID		once it is answered, before it sends the body,
#				has that process leave
#	fastcgi.pl odd SOCKET
#		sends what is no request, one kind after the other, and says
#		of each whether the connection was closed
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX ();

# One record: version 1, type, the request (1) and padding (0).
sub record {
	my ($type, $content, $id, $padding) = @_;
	return pack('CCnnCC', 1, $type, $id // 1, length $content,
	    $padding // 0, 0) . $content . "\xff" x ($padding // 0);
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

sub listening {
	my ($where, $backlog) = @_;
	my $socket = $where =~ /^[0-9.]+:[0-9]+$/ ?
	    IO::Socket::INET->new(LocalAddr => $where, ReuseAddr => 1,
	    Listen => $backlog) :
	    IO::Socket::UNIX->new(Local => $where, Listen => $backlog);
	return $socket // die "$where: $!\n";
}

sub serve {
	my ($path, @program) = @_;
	my $socket = listening($path, 128);
	POSIX::dup2(fileno $socket, 0);
	exec @program or die "$program[0]: $!\n";
}

sub pool {
	my ($count, $path, @program) = @_;
	my $socket = listening($path, 1024);
	my %members;
	my $leaving = 0;
	$SIG{TERM} = sub { $leaving = 1; kill 'TERM', keys %members };
	$SIG{USR2} = sub { $socket->blocking(1) };
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

# The same in small records, with padding, among those of nobody's concern:
# about the connection, of another request, of an unknown type.
sub odd_stream {
	my ($type, $content) = @_;
	my $records = '';
	for my $part (unpack('(a37)*', $content), '') {
		$records .= record(9, name_value('FCGI_MAX_CONNS', ''), 0, 3) .
		    record($type, 'of another request', 2, 255) .
		    record(1, pack('nCx5', 1, 0), 3) . record(99, '', 0) .
		    record($type, $part, 1, length($part) % 8);
	}
	return $records;
}

# Waits for an answer to come, and a moment more.
sub end_process {
	my ($socket, $pid) = @_;
	IO::Select->new($socket)->can_read(5);
	kill 'TERM', $pid;
	select undef, undef, undef, 0.5;
}

sub send_request {
	my ($path, $cut, $data) = @_;
	my $socket = IO::Socket::UNIX->new(Peer => $path)
	    or die "$path: $!\n";
	$socket->autoflush(1);
	print $socket $data;
	shutdown $socket, 1 if $cut;
	return $socket;
}

# Slowly until a file is there, and then the rest.
sub trickle {
	my ($socket, $file, $data) = @_;
	for my $byte (split //, $data) {
		last if -e $file;
		print $socket $byte;
		$data = substr $data, 1;
		select undef, undef, undef, 0.1;
	}
	print $socket $data;
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
	$option{$1} = (splice @_, 0, 2)[1]
	    while $_[0] =~ /^-([nslwebork])$/;
	my ($path, @variables) = @_;
	my $stream = $option{o} ? \&odd_stream : \&stream;
	my $body = $stream->(5, do { local $/; <STDIN> } // '');
	$body = record(5, '') . $body . record(5, '') if $option{e};
	my $head = record(1, pack 'nCx5', 1, 0) . $stream->(4, join '',
	    map { name_value(split /=/, $_, 2) } @variables);
	my $first = $option{w} && !$option{b} ? '' :
	    $option{w} || $option{k} ? $head : $head . $body;
	$first = substr $first, 0, $option{s} if defined $option{s};
	substr $first, -$option{l}, $option{l}, '' if $option{l};
	my @sockets = map { send_request($path, defined $option{s}, $first) }
	    1 .. $option{n};
	end_process($sockets[0], $option{k}) if $option{k};
	print { $sockets[0] } $body if $option{k};
	trickle($sockets[0], $option{w}, $option{b} ? $body : $head . $body)
	    if $option{w};
	for (1 .. ($option{r} ? 1000 : 0)) {
		last if -e $option{r};
		select undef, undef, undef, 0.1;
	}
	print_answer($_) for @sockets;
}

my $begin = record(1, pack 'nCx5', 1, 0);
my @odd = (
	[ 'another version', pack('CCnnCC', 2, 1, 1, 8, 0, 0) .
	    pack 'nCx5', 1, 0 ],
	[ 'request 0', record(1, pack('nCx5', 1, 0), 0) ],
	[ 'a long beginning', record(1, 'x' x 9) ],
	[ 'the role of an authorizer', record(1, pack 'nCx5', 2, 0) ],
	[ 'two beginnings', $begin . $begin ],
	[ 'a body before the variables', $begin . record(5, 'x') ],
	[ 'an unknown type', $begin . record(77, 'x') ],
	[ 'given up before the variables', $begin . record(2, '') ],
	[ 'a name that is cut', $begin . stream(4, "\x05\x00abc") ],
	[ 'a length that is cut', $begin . stream(4, "\x05\xff\xff") ],
	[ 'lengths of 2 GiB', $begin . stream(4, "\xff" x 8 . 'x') ],
	[ 'lengths that add up to nothing',
	    $begin . stream(4, "\xff\xff\xff\xff\x01" . 'x' x 100) ],
	[ 'too many variables',
	    $begin . stream(4, name_value('X', 'x' x 70000)) ],
	[ 'variables after the end of them', $begin . stream(4, '') .
	    stream(4, '') ],
	[ 'given up in the body', $begin . stream(4, '') . record(5, 'x') .
	    record(2, '') ],
);

sub odd {
	my ($path) = @_;
	for my $case (@odd) {
		my ($name, $records) = @$case;
		my $socket = send_request($path, 0, $records);
		my $select = IO::Select->new($socket);
		my $closed = 0;
		$closed = !sysread $socket, my $answer, 65536
		    while !$closed && $select->can_read(2);
		print "$name: ", $closed ? "closed\n" : "open\n";
	}
}

my $action = shift // '';
my %actions = (serve => \&serve, pool => \&pool, request => \&request,
    odd => \&odd);
($actions{$action} // die "usage: see the beginning of $0\n")->(@ARGV);
