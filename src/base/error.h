/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

/*
 * What went wrong, in words for the operator, in a struct that the caller
 * owns: nothing to free.  `pointer` says where in a JSON document (RFC 6901),
 * relative to the value that the failing function was given; "" is that value.
 */
struct fault {
	char words[512];
	char pointer[256];
};

/* Sets the words (cut at their limit) and an empty pointer. */
void fault_set(struct fault *fault, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts one more reference token in front of the pointer, escaped. */
void fault_prepend_name(struct fault *fault, const char *name);
void fault_prepend_index(struct fault *fault, unsigned long index);

#endif
