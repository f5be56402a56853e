// SPDX-License-Identifier: Apache-2.0
//
// A caller in Node, with its standard modules:
//
//	node call-many.js URL CA CERTIFICATE KEY BODY COUNT AT-ONCE MODULE
//
// posts the file BODY so often, so many at once, as the client of CERTIFICATE
// and KEY (PEM), by the module "https" with kept connections, or by "http2" over
// one.  Prints how each request ended, "1000 200" say; more than one line is
// trouble.
'use strict';

const fs = require('fs');
const http2 = require('http2');
const https = require('https');

const [url, ca, certificate, key, bodyFile, count, atOnce, module_] =
    process.argv.slice(2);
const body = fs.readFileSync(bodyFile);
const tls = {
	ca: fs.readFileSync(ca),
	cert: fs.readFileSync(certificate),
	key: fs.readFileSync(key),
};
const ends = {};

function byHttps() {
	const agent = new https.Agent({ ...tls, keepAlive: true,
	    maxSockets: Number(atOnce) });

	return end => {
		const request = https.request(url, { agent, method: 'POST',
		    timeout: 60000, headers: {
			'Content-Type': 'application/json',
			'Content-Length': body.length } });
		request.on('response', answer => {
			answer.resume();
			answer.on('end', () => end(answer.statusCode));
			answer.on('error', error => end(error.code));
		});
		request.on('timeout', () => request.destroy());
		request.on('error', error => end(error.code));
		request.end(body);
	};
}

function byHttp2() {
	const session = http2.connect(url, tls);

	session.on('error', () => { });
	return end => {
		const stream = session.request({ ':method': 'POST',
		    ':path': new URL(url).pathname,
		    'content-type': 'application/json' });
		let status;

		stream.on('response', headers => status = headers[':status']);
		stream.on('error', error => status = error.code);
		stream.on('close', () => end(status));
		stream.resume();
		stream.end(body);
	};
}

const call = module_ === 'http2' ? byHttp2() : byHttps();
let begun = 0, ended = 0;

function next() {
	if (begun === Number(count))
		return;
	begun++;
	let open = true;
	call(how => {
		if (!open)
			return;
		open = false;
		ends[how] = (ends[how] || 0) + 1;
		if (++ended < Number(count))
			return next();
		for (const how in ends)
			console.log(ends[how], how);
		process.exit(0);
	});
}

for (let i = 0; i < Number(atOnce); i++)
	next();
