# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash

# copy_mounted: what an operator mounts on /etc/push-gateway, of the stage's
# configuration, into $STAGE/image.
copy_mounted() {
	mkdir -p "$STAGE/image/tls"
	cp "$STAGE"/{push-gateway.json,AuthKey_ABC1234567.p8} \
		"$STAGE"/{service-account.json,providers-ca.pem} "$STAGE/image"
	cp "$STAGE"/{server-chain,server-key,clients-ca,clients-crl}.pem \
		"$STAGE/image/tls"
	chgrp -R 10001 "$STAGE/image"
	chmod -R g=rX,o= "$STAGE/image"
}
