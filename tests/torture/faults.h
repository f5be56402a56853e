/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAULTS_H
#define FAULTS_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>

/* Finds the function of that name behind ours, once. */
#define FAULTS_FIND(real, name) \
	(real != NULL ? (void)0 : (void)(*(void **)&real = \
	    dlsym(RTLD_NEXT, name)))

/* True if the function that was called from there is to fail now. */
__attribute__((visibility("hidden"))) bool faults_hit(const char *name,
    void *caller);

#endif
