/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BODIES_H
#define BODIES_H

#include "base/buf.h"
#include "dice.h"
#include "ledger.h"

/*
 * What callers write: bodies of all operations, good ones with everything that
 * homeservers and strangers put into them, and wrong ones.  What is asked for
 * is written into the ledger.
 */
#define BODIES_ID "item-%zu"
#define BODIES_EVENT "$event"

enum {
	BODIES_APPS = 11,
	BODIES_PUSHKEY_SIZE = 128
};

enum bodies_operation {
	BODIES_NOTIFY,
	BODIES_MATRIX_NOTIFY,
	BODIES_BATCH,
	BODIES_ENCRYPTED_BATCH,
	BODIES_OPERATION__MAX
};

/* What is wrong with a body. */
enum bodies_fault {
	BODIES_NO_JSON,
	BODIES_NO_DEVICES,
	BODIES_SAME_IDS,
	BODIES_TOO_LARGE,
	BODIES_ODD,		/* in what only decorates, where that counts */
	BODIES_ODD_TIME,	/* a pushkey_ts that is no integer */
	BODIES_EMPTY		/* it does not come to that */
};

struct bodies {
	struct ledger *ledger;
	struct dice *dice;
	struct buf *text;	/* it is appended to this */
	bool narrow;		/* of the client of that name */
	bool encrypted;		/* an encrypted notification */
	bool tolerant;		/* where what is odd and decorates is absent */
};

/* Makes keys of browsers, for all worlds of this process. */
void bodies_prepare(void);

/* A request, whose devices are the ledger's last. */
void bodies_write(struct bodies *bodies, enum bodies_operation operation);

/* Nothing of it is in the ledger. */
void bodies_write_fault(struct bodies *bodies,
    enum bodies_operation operation, enum bodies_fault fault);

/* The pushkey of a device as providers and callers read it. */
void bodies_name_pushkey(const struct ledger_device *device,
    char text[BODIES_PUSHKEY_SIZE]);

#endif
