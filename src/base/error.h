/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

/*
 * What went wrong, in words for the operator, in a struct that the caller
 * owns: nothing to free.  `pointer` says where in a JSON document (RFC 6901),
 * relative to the value that the failing function was given; "" is that value.
 */
struct error {
	char words[512];
	char pointer[256];
	char missing[64];	/* which of its members; "": that is not it */
};

/* Sets the words (cut at their limit), and an empty pointer. */
void error_set(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Sets the words that a member is missing, and `more`, which may be "". */
void error_set_missing(struct error *error, const char *name,
    const char *more);

/* Says that this is what is missing, after error_set. */
void error_point_to_missing(struct error *error, const char *name);

/* Puts one more reference token in front of the pointer, escaped. */
void error_prepend_name(struct error *error, const char *name);
void error_prepend_index(struct error *error, unsigned long index);

/*
 * Puts where it is in front of the words, as "setting: words", for a message
 * that has no place of its own for it.  The pointer is empty then.
 */
void error_put_pointer_in_words(struct error *error);

#endif
