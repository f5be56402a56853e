/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_CHECK_LISTS_H
#define WORKER_CHECK_LISTS_H

#include "base/fault.h"
#include "worker/conf-text.h"

/*
 * Adds a warning for what is of no use in "clients" and "apps", although no
 * setting of it is wrong by itself: nobody who may call, names that no
 * certificate has, clients and apps that do not go together, a signing key
 * beside another key's name.
 */
void check_lists(const struct conf_text *text, struct fault_list *faults);

#endif
