/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORACLE_H
#define ORACLE_H

#include "gateway.h"
#include "ledger.h"
#include "network.h"

/*
 * Compares what the providers did with what each caller was told, item by
 * item, and looks at each attempt as it is made.  What is wrong is written
 * into the ledger.
 */
struct oracle;

/* The gateway is set once it is there. */
struct oracle *oracle_create(struct ledger *ledger, struct network *network);
void oracle_set_gateway(struct oracle *oracle, const struct gateway *gateway);
void oracle_free(struct oracle *oracle);

/* Hooks of the network and the gateway. */
void oracle_on_sent(void *arg, size_t device);
void oracle_on_ended(void *arg, size_t device);
void oracle_on_began(void *arg, size_t generation, size_t previous);
void oracle_on_crashed(void *arg);

/* The gateway has read the body of a request. */
void oracle_note_read(struct oracle *oracle, size_t request);

/* It has ended its answer. */
void oracle_check_request(struct oracle *oracle, size_t request);

/* This is what came of that, all of it or only its beginning. */
void oracle_check_answer(struct oracle *oracle, size_t request, int status,
    const char *body, bool is_whole);

/* All is over: what can be said only then. */
void oracle_check_end(struct oracle *oracle);

/* What was looked at, for the report. */
struct oracle_counts {
	unsigned int requests;
	unsigned int verdicts;		/* devices whose request was served */
	unsigned int delivered;
	unsigned int unsure;		/* or later */
	unsigned int rejected;
	unsigned int later;
	unsigned int failed;
	unsigned int attempts;
	unsigned int duplicates;	/* accepted twice, and rightly so */
};

const struct oracle_counts *oracle_counts(const struct oracle *oracle);

void oracle_counts_add(struct oracle_counts *sum,
    const struct oracle_counts *counts);

#endif
