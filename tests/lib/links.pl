#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# links.pl FILE.md...: prints each relative link whose file, or heading in it,
# is not there, and how many links there were.
use strict;
use warnings;
use File::Basename qw(dirname);

# The text of a file without what is quoted as code.
sub text {
	my ($name) = @_;
	open my $file, '<:utf8', $name or die "$name: $!\n";
	my $text = join '', <$file>;
	$text =~ s/^(```|~~~).*?^\1$//gms;
	return $text;
}

# The anchors of a file's headings, as GitHub and GitLab make them.
sub anchors {
	my ($name) = @_;
	my %anchors;
	for (text($name) =~ /^#+ +(.*)$/gm) {
		s/\[([^]]*)\]\([^)]*\)/$1/g;
		my $anchor = lc;
		$anchor =~ s/[^\w\- ]//g;
		$anchor =~ tr/ /-/;
		$anchors{$anchor} = 1;
	}
	return \%anchors;
}

my ($links, $broken) = (0, 0);
for my $name (@ARGV) {
	my $text = text($name);
	$text =~ s/`[^`\n]*`//g;
	for my $target ($text =~ /\]\(([^)\s]+)\)/g) {
		next if $target =~ /^[a-z]+:/;
		my ($path, $anchor) = $target =~ /^([^#]*)(?:#(.*))?$/;
		my $file = $path eq '' ? $name : dirname($name) . "/$path";
		$links++;
		next if -e $file &&
		    (!defined $anchor || anchors($file)->{$anchor});
		print "$name: $target\n";
		$broken++;
	}
}
print "$links links, $broken broken\n";
exit($broken != 0);
